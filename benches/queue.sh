#!/usr/bin/env bash
# Measures the queue and the worker (benches/queue.rs), compared with empty jobs on graphile-worker, a Postgres queue for
# Node.js. Both use a new Postgres cluster with default settings, fsync included.
#
#   benches/queue.sh [ROUNDS]
#
# Needs Postgres with pgbench, and npm with network access: graphile-worker is installed in a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3}

cargo bench --quiet --locked --bench queue

for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort); do PATH=$bin:$PATH; done
work=$(mktemp -d /tmp/groundplan-queue.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then # Postgres refuses to run as root
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    chown nobody "$work"
fi
postgres() { (cd /tmp && LC_ALL=C "${as[@]}" "$@") >>"$work.log" 2>&1; }
trap 'postgres pg_ctl -D "$work/data" -m immediate stop || true; rm -rf "$work" "$work.log"' EXIT
postgres initdb -D "$work/data" -U postgres -A trust -E UTF8 --locale=C
postgres pg_ctl -D "$work/data" -w -l "$work/server.log" -o "-k $work -c listen_addresses= -c max_connections=200" start

mkdir "$work/peer"
cd "$work/peer"
npm install --silent --no-audit --no-fund --ignore-scripts graphile-worker@0.18 >/dev/null
cat >measure.mjs <<'JS'
import { makeWorkerUtils, run, Logger } from "graphile-worker";
import pg from "pg";

const [host, rounds] = [process.argv[2], Number(process.argv[3])];
const logger = new Logger(() => () => {});
const pgPool = new pg.Pool({ host, user: "postgres", database: "postgres", max: 12 });
pgPool.on("error", console.error);
pgPool.on("connect", (client) => client.on("error", console.error));
const utils = await makeWorkerUtils({ pgPool, logger });
await utils.migrate();
const JOBS = 2000;
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];

for (const concurrency of [1, 8]) {
  const rates = [];
  for (let round = 0; round < rounds; round++) {
    await pgPool.query(`SELECT graphile_worker.add_job('nothing', '{}'::json) FROM generate_series(1, ${JOBS})`);
    let left = JOBS;
    let finish;
    const finished = new Promise((resolve) => (finish = resolve));
    const begun = performance.now();
    const taskList = { nothing: async () => { if (--left === 0) finish(); } };
    const runner = await run({ pgPool, logger, concurrency, noHandleSignals: true, taskList });
    await finished;
    await runner.stop();
    rates.push(JOBS / ((performance.now() - begun) / 1000));
  }
  console.log(`graphile-worker: jobs that do nothing per second, ${concurrency} at a time: median ${median(rates).toFixed(0)} (${rates.map(Math.round)})`);
}

const times = [];
let told;
const taskList = { nothing: async () => told(performance.now()) };
const runner = await run({ pgPool, logger, concurrency: 1, noHandleSignals: true, taskList });
for (let number = 0; number < 220; number++) {
  const started = new Promise((resolve) => (told = resolve));
  const begun = performance.now();
  await utils.addJob("nothing", {});
  const time = (await started) - begun;
  // The first ones find the program cold.
  if (number >= 20) times.push(time);
}
await runner.stop();
const p50 = median(times);
console.log(`graphile-worker: addJob called → started, ms: median ${p50.toFixed(2)} (p99 ${times[197].toFixed(2)}, most ${times[199].toFixed(2)})`);
await utils.release();
await pgPool.end();
JS
node measure.mjs "$work" "$rounds"
