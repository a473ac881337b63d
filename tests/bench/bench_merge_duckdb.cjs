// SPDX-License-Identifier: Apache-2.0
// Merging what bench_merge_make wrote, by DuckDB.
//
// usage: node bench_merge_duckdb.cjs import DIRECTORY
//        node bench_merge_duckdb.cjs join|merge DIRECTORY THREADS
//
// The tables are copied into memory before they are asked. Prints what bench_merge does. The
// folder of the package is in NODE_PATH.
'use strict';
const fs = require('fs');
const path = require('path');
const {DuckDBInstance} = require('@duckdb/node-api');

const [way, directory, threads] = process.argv.slice(2);

function statusBytes(name) {
  const line = fs.readFileSync('/proc/self/status', 'utf8').split('\n').find((l) => l.startsWith(name));
  return BigInt(line.split(/\s+/)[1]) * 1024n;
}

function begin() {
  fs.writeFileSync('/proc/self/clear_refs', '5');
  return {resident: statusBytes('VmRSS:'), cpu: process.cpuUsage(), wall: process.hrtime.bigint()};
}

function take(stamp) {
  const wall = process.hrtime.bigint() - stamp.wall;
  const cpu = process.cpuUsage(stamp.cpu);
  return [wall, BigInt(cpu.user + cpu.system) * 1000n, stamp.resident, statusBytes('VmHWM:')];
}

function print(name, figures, numbers) {
  console.log([name, ...figures, ...numbers].join(' '));
}

const tables = {
  nodes: 'id INTEGER, mvid VARCHAR, token INTEGER',
  edges: 'f INTEGER, t INTEGER',
  pairs: 'f INTEGER, t INTEGER',
  functions: 'w INTEGER, p INTEGER, key VARCHAR, mvid VARCHAR, token INTEGER',
  seen: 'w INTEGER, p INTEGER, hits BIGINT, first BIGINT, last BIGINT',
  calls: 'w INTEGER, f INTEGER, t INTEGER, hits BIGINT, first BIGINT, last BIGINT',
};
const needed = {join: ['edges', 'pairs'], merge: ['nodes', 'edges', 'functions', 'seen', 'calls']};

const join = `SELECT (SELECT count(*) FROM pairs r JOIN edges e ON e.f = r.f AND e.t = r.t),
  (SELECT count(*) FROM pairs r ANTI JOIN edges e ON e.f = r.f AND e.t = r.t)`;

const merge = [
  `CREATE TABLE identity AS SELECT f.mvid, f.token, coalesce(n.id, 1000000000 + row_number() OVER ()) AS id, f.key
     FROM (SELECT DISTINCT key, mvid, token FROM functions) f
     LEFT JOIN nodes n ON n.mvid = f.mvid AND n.token = f.token`,
  `CREATE TABLE place AS SELECT f.w, f.p, i.id FROM functions f
     JOIN identity i ON i.mvid = f.mvid AND i.token = f.token`,
  `CREATE TABLE merged_nodes AS SELECT coalesce(n.id, s.id) AS id, s.hits, s.first, s.last, s.windows FROM nodes n
     FULL JOIN (SELECT p.id, sum(s.hits)::BIGINT AS hits, min(s.first) AS first, max(s.last) AS last, count(*) AS windows
       FROM seen s JOIN place p ON p.w = s.w AND p.p = s.p GROUP BY p.id) s ON s.id = n.id`,
  `CREATE TABLE merged AS SELECT coalesce(e.f, r.f) AS f, coalesce(e.t, r.t) AS t,
       CASE WHEN r.f IS NULL THEN 0 WHEN e.f IS NULL THEN 2 ELSE 1 END AS class, r.hits, r.first, r.last, r.windows
     FROM edges e FULL JOIN (SELECT a.id AS f, b.id AS t, sum(c.hits)::BIGINT AS hits, min(c.first) AS first,
         max(c.last) AS last, count(*) AS windows
       FROM calls c JOIN place a ON a.w = c.w AND a.p = c.f JOIN place b ON b.w = c.w AND b.p = c.t
       GROUP BY a.id, b.id) r ON r.f = e.f AND r.t = e.t`,
];
const counts = `SELECT count(*) FILTER (WHERE class = 1), count(*) FILTER (WHERE class = 2),
  count(*) FILTER (WHERE class = 0), sum(hits)::BIGINT,
  sum(first - 134168994000000000 + last - 134168994000000000)::BIGINT,
  (SELECT count(hits) FROM merged_nodes) FROM merged`;

async function ask(connection, text) {
  return (await connection.runAndReadAll(text)).getRows()[0];
}

async function load(connection, names, source) {
  for (const name of names) {
    await connection.run(`CREATE TABLE ${name} (${tables[name]})`);
    await connection.run(`INSERT INTO ${name} ${source(name)}`);
  }
}

async function main() {
  const file = path.join(directory, 'duck.db');
  if (way === 'import') {
    fs.rmSync(file, {force: true});
    const connection = await (await DuckDBInstance.create(file)).connect();
    const stamp = begin();
    await load(connection, Object.keys(tables), (name) => `SELECT * FROM read_csv('${directory}/${name}.csv', header = false)`);
    await connection.run('CHECKPOINT');
    print('import', take(stamp), []);
    return;
  }
  const connection = await (await DuckDBInstance.create(':memory:', {threads: threads || '2'})).connect();
  await connection.run('SET preserve_insertion_order = false');
  await connection.run(`ATTACH '${file}' AS disk (READ_ONLY)`);
  await load(connection, needed[way], (name) => `SELECT * FROM disk.${name}`);
  await connection.run('DETACH disk');
  if (way === 'join') {
    await ask(connection, join); // what is loaded or learnt at first is not counted
    const stamp = begin();
    const answer = await ask(connection, join);
    print('join', take(stamp), answer);
    return;
  }
  const stamp = begin();
  for (const step of merge) {
    await connection.run(step);
  }
  const figures = take(stamp);
  print('merge', figures, await ask(connection, counts));
}

main().catch((error) => {
  console.error(`bench_merge_duckdb: ${error.message}`);
  process.exit(1);
});
