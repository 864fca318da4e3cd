import { randomBytes } from 'node:crypto';
import * as ldk from 'lightningdevkit';
import type { Chain } from '../chain/chain.js';
import { freeLogRecord } from './memory.js';
import type { MonitorKeeper } from './monitors.js';
import type { Snapshot } from './snapshot.js';

/** HTLCs that may be open at once in one direction: BOLT 2's limit. */
export const HTLCS_MAX = 483;

/** What one-satoshi payments in flight may add up to before LDK calls them dust exposure. */
const dustExposureMsat = 5_000_000_000n;

const feeratePerKw = 253;

/** The objects of rust-lightning that make up one node. All are held strongly for the node's life. */
export interface NodeParts {
  readonly manager: ldk.ChannelManager;
  readonly chainMonitor: ldk.ChainMonitor;
  readonly peers: ldk.PeerManager;
  readonly router: ldk.DefaultRouter;
  /** Kept only because LDK refers to them weakly: without a strong reference later calls fail. */
  readonly kept: readonly object[];
}

/** Settings that make one-satoshi payments work on a private channel. */
function userConfig(): ldk.UserConfig {
  const config = ldk.UserConfig.constructor_default();
  const handshake = config.get_channel_handshake_config();
  handshake.set_minimum_depth(1);
  handshake.set_announce_for_forwarding(false);
  handshake.set_our_htlc_minimum_msat(1n);
  handshake.set_max_inbound_htlc_value_in_flight_percent_of_channel(100);
  handshake.set_our_max_accepted_htlcs(HTLCS_MAX);
  handshake.set_their_channel_reserve_proportional_millionths(10_000);
  handshake.set_negotiate_anchors_zero_fee_htlc_tx(false);
  config.set_channel_handshake_config(handshake);
  const channel = config.get_channel_config();
  channel.set_max_dust_htlc_exposure(ldk.MaxDustHTLCExposure.constructor_fixed_limit_msat(dustExposureMsat));
  config.set_channel_config(channel);
  config.set_accept_forwards_to_priv_channels(true);
  return config;
}

function logger(log: (line: string) => void): ldk.Logger {
  return ldk.Logger.new_impl({
    log: (record) => {
      // About 230 calls a payment: look at the level, free, leave. A callback must never throw.
      try {
        if (record.get_level() >= ldk.Level.LDKLevel_Error) report(record, log);
        freeLogRecord(record);
      } catch {}
    },
  });
}

/** A payment that finds no route is an answer to its caller, not a fault of the node. */
function report(record: ldk.Record, log: (line: string) => void): void {
  if (!record.get_module_path().endsWith('outbound_payment')) log(record.get_args());
}

/** What {@link buildParts} needs. */
export interface PartsOptions {
  readonly seed: Uint8Array;
  readonly chain: Chain;
  readonly monitors: MonitorKeeper;
  readonly nowMs: number;
  readonly log: (line: string) => void;
  readonly snapshot: Snapshot | undefined;
}

/** Builds a node for regtest, and for nothing else, new or from its snapshot, caught up with the chain. */
export function buildParts(options: PartsOptions): NodeParts {
  const { chain, seed, nowMs } = options;
  const nowSeconds = Math.floor(nowMs / 1000);
  const log = logger(options.log);
  const fees = ldk.FeeEstimator.new_impl({ get_est_sat_per_1000_weight: () => feeratePerKw });
  const broadcaster = ldk.BroadcasterInterface.new_impl({
    broadcast_transactions: (transactions) => {
      try {
        for (const raw of transactions) chain.submit(Buffer.from(raw));
      } catch {}
    },
  });
  const persist = options.monitors.persister();
  const filter = ldk.Option_FilterZ.constructor_none();
  const chainMonitor = ldk.ChainMonitor.constructor_new(filter, broadcaster, log, fees, persist);
  // Randomness is derived from the seed and the start time: the time must be fresh at every start.
  const nanos = Math.floor(Math.random() * 1_000_000_000);
  const keys = ldk.KeysManager.constructor_new(seed, BigInt(Math.floor(Date.now() / 1000)), nanos);
  const graph = ldk.NetworkGraph.constructor_new(ldk.Network.LDKNetwork_Regtest, log);
  const decay = ldk.ProbabilisticScoringDecayParameters.constructor_default();
  const scorer = ldk.ProbabilisticScorer.constructor_new(decay, graph, log);
  const score = ldk.MultiThreadedLockableScore.constructor_new(scorer.as_Score());
  const entropy = keys.as_EntropySource();
  const scoring = ldk.ProbabilisticScoringFeeParameters.constructor_default();
  const router = ldk.DefaultRouter.constructor_new(graph, log, entropy, score.as_LockableScore(), scoring);
  const messages = ldk.DefaultMessageRouter.constructor_new(graph, entropy);
  const shared = { log, fees, broadcaster, chainMonitor, keys, router, messages, config: userConfig() };
  const manager =
    options.snapshot === undefined
      ? createManager(shared, chain, nowSeconds)
      : restoreManager(shared, chain, options.snapshot);
  const ignore = ldk.IgnoringMessageHandler.constructor_new();
  const peers = ldk.PeerManager.constructor_new(
    manager.as_ChannelMessageHandler(),
    ignore.as_RoutingMessageHandler(),
    ignore.as_OnionMessageHandler(),
    ignore.as_CustomMessageHandler(),
    nowSeconds,
    randomBytes(32),
    log,
    keys.as_NodeSigner(),
  );
  const kept = [shared, persist, filter, graph, decay, scorer, score, entropy, scoring, ignore];
  return { manager, chainMonitor, peers, router, kept };
}

interface Shared {
  readonly log: ldk.Logger;
  readonly fees: ldk.FeeEstimator;
  readonly broadcaster: ldk.BroadcasterInterface;
  readonly chainMonitor: ldk.ChainMonitor;
  readonly keys: ldk.KeysManager;
  readonly router: ldk.DefaultRouter;
  readonly messages: ldk.DefaultMessageRouter;
  readonly config: ldk.UserConfig;
}

function createManager(s: Shared, chain: Chain, nowSeconds: number): ldk.ChannelManager {
  const network = ldk.Network.LDKNetwork_Regtest;
  const parameters = ldk.ChainParameters.constructor_new(
    network,
    ldk.BestBlock.constructor_from_network(network),
  );
  const manager = ldk.ChannelManager.constructor_new(
    s.fees,
    s.chainMonitor.as_Watch(),
    s.broadcaster,
    s.router.as_Router(),
    s.messages.as_MessageRouter(),
    s.log,
    s.keys.as_EntropySource(),
    s.keys.as_NodeSigner(),
    s.keys.as_SignerProvider(),
    s.config,
    parameters,
    nowSeconds,
  );
  const listen = manager.as_Listen();
  const monitorListen = s.chainMonitor.as_Listen();
  for (const block of chain.blocks.slice(1)) {
    listen.block_connected(block.raw, block.height);
    monitorListen.block_connected(block.raw, block.height);
  }
  return manager;
}

/** Order matters: read the monitors, read the manager with them, replay missed blocks to both, then watch. */
function restoreManager(s: Shared, chain: Chain, snapshot: Snapshot): ldk.ChannelManager {
  const monitors: ldk.ChannelMonitor[] = [];
  for (const data of snapshot.monitors.values()) {
    const read = ldk.UtilMethods.constructor_C2Tuple_ThirtyTwoBytesChannelMonitorZ_read(
      data,
      s.keys.as_EntropySource(),
      s.keys.as_SignerProvider(),
    );
    if (!(read instanceof ldk.Result_C2Tuple_ThirtyTwoBytesChannelMonitorZDecodeErrorZ_OK)) {
      throw new Error('A channel monitor cannot be read: remove the devnet directory and start afresh.');
    }
    monitors.push(read.res.get_b());
  }
  const read = ldk.UtilMethods.constructor_C2Tuple_ThirtyTwoBytesChannelManagerZ_read(
    snapshot.manager,
    s.keys.as_EntropySource(),
    s.keys.as_NodeSigner(),
    s.keys.as_SignerProvider(),
    s.fees,
    s.chainMonitor.as_Watch(),
    s.broadcaster,
    s.router.as_Router(),
    s.messages.as_MessageRouter(),
    s.log,
    s.config,
    monitors,
  );
  if (!(read instanceof ldk.Result_C2Tuple_ThirtyTwoBytesChannelManagerZDecodeErrorZ_OK)) {
    throw new Error('The channel manager cannot be read: remove the devnet directory and start afresh.');
  }
  const manager = read.res.get_b();
  for (const monitor of monitors) replayBlocks(monitor, s, chain);
  const listen = manager.as_Listen();
  for (const block of chain.blocks.slice(manager.current_best_block().get_height() + 1)) {
    listen.block_connected(block.raw, block.height);
  }
  for (const monitor of monitors) {
    const watched = s.chainMonitor.as_Watch().watch_channel(monitor.get_funding_txo().get_a(), monitor);
    if (!watched.is_ok())
      throw new Error('A channel cannot be watched: remove the devnet directory and start afresh.');
  }
  return manager;
}

function replayBlocks(monitor: ldk.ChannelMonitor, s: Shared, chain: Chain): void {
  for (const block of chain.blocks.slice(monitor.current_best_block().get_height() + 1)) {
    const transactions = block.transactions.map((t, i) =>
      ldk.TwoTuple_usizeTransactionZ.constructor_new(i, t.raw),
    );
    monitor.block_connected(block.header, transactions, block.height, s.broadcaster, s.fees, s.log);
  }
}
