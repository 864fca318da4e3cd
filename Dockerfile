# The farebox command in a container: not root, on a file system that may be read-only. All that it writes is in /data.
#
#   docker build -t farebox .
#   docker run --read-only --cap-drop ALL -p 8402:8402 -v "$PWD/shop:/data" farebox
#
# /data holds farebox.yaml (with `listen: 0.0.0.0:8402`), and the ledger beside it. docs/operating.md has the rest.

FROM node:20-slim AS build
WORKDIR /src
COPY . .
RUN npm ci && npm run build
# What runs: compiled code without tests and maps, and the packages that it needs.
RUN mkdir /out \
  && tar -cf - --exclude=node_modules --exclude=src --exclude=testing --exclude='*.test.*' --exclude='*.map' \
    --exclude='*.d.ts' --exclude=.tsbuildinfo --exclude=tsconfig.json \
    package.json package-lock.json packages apps/gateway apps/registrar apps/farebox examples/bitcoin-api | tar -xf - -C /out
# The compiler is an optional peer of a library, and the Tempo devnet's chain is for demos: neither is needed to sell.
RUN cd /out \
  && npm ci --omit=dev --ignore-scripts --workspace=farebox \
  && rm -rf node_modules/typescript node_modules/@typescript node_modules/@foundry-rs

FROM node:20-slim
# A larger young generation: docs/performance.md says what it gains.
ENV NODE_ENV=production FAREBOX_HOME=/data NODE_OPTIONS=--max-semi-space-size=64
WORKDIR /app
COPY --from=build --chown=root:root /out /app
RUN ln -s /app/apps/farebox/bin/farebox.js /usr/local/bin/farebox && mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8402
HEALTHCHECK --interval=10s --timeout=5s CMD ["node", "-e", "fetch('http://127.0.0.1:8402/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["farebox"]
CMD ["serve", "-c", "/data/farebox.yaml"]
