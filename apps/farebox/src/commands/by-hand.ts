/**
 * The whole flow with a POSIX shell and curl, any Lightning wallet, and none of our code (R60): the preimage comes
 * from wherever the invoice was paid. Expects `url`; a function `pay_invoice` stands for the other wallet: it gets
 * the invoice and prints the preimage. A test runs this very text.
 */
export const byHandRecipe = `  challenge=$(curl -si "$url" | tr -d '\\r' | sed -n 's/^[Ww][Ww][Ww]-[Aa]uthenticate: //p')
  part() { printf '%s' "$challenge" | sed -n "s/.*[ ,]$1=\\"\\([^\\"]*\\)\\".*/\\1/p"; }
  invoice=$(printf '%s==' "$(part request)" | tr '_-' '/+' | base64 -d 2>/dev/null |
    sed -n 's/.*"invoice":"\\([a-z0-9]*\\)".*/\\1/p')
  preimage=$(pay_invoice "$invoice")
  echoed=
  for name in id realm method intent request expires digest opaque description; do
    value=$(part $name); [ -z "$value" ] || echoed="$echoed,\\"$name\\":\\"$value\\""
  done
  token=$(printf '{"challenge":{%s},"payload":{"preimage":"%s"}}' "\${echoed#,}" "$preimage" |
    base64 | tr -d '=\\n' | tr '/+' '_-')
  printf 'Authorization: Payment %s' "$token" | curl -s -H @- "$url"`;
