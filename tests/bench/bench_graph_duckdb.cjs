// SPDX-License-Identifier: Apache-2.0
// The graph of bench_graph in DuckDB: what reading every row of it into JavaScript costs.
//
// usage: node bench_graph_duckdb.cjs import NODES.csv EDGES.csv DATABASE   not measured
//        node bench_graph_duckdb.cjs scan DATABASE                         on one thread
//
// Prints what bench_graph does, but for the bytes of its columns, which JavaScript does not tell: 0.
// The folder of the package is in NODE_PATH (fetch-duckdb.sh).
'use strict';
const fs = require('fs');
const {DuckDBInstance} = require('@duckdb/node-api');

const [way, ...files] = process.argv.slice(2);
const NODES = 1000000;
const EDGES = 5000000;

function peakBytes() {
  const line = fs.readFileSync('/proc/self/status', 'utf8').split('\n').find((l) => l.startsWith('VmHWM:'));
  return BigInt(line.split(/\s+/)[1]) * 1024n;
}

async function importTables(nodes, edges, database) {
  fs.rmSync(database, {force: true});
  const connection = await (await DuckDBInstance.create(database)).connect();
  await connection.run('CREATE TABLE nodes (id VARCHAR, name VARCHAR, signature VARCHAR, artifact INTEGER, token INTEGER, kind INTEGER)');
  await connection.run('CREATE TABLE edges (f INTEGER, t INTEGER, kind INTEGER)');
  await connection.run(`INSERT INTO nodes SELECT * FROM read_csv('${nodes}', header = false)`);
  await connection.run(`INSERT INTO edges SELECT * FROM read_csv('${edges}', header = false)`);
  await connection.run('CHECKPOINT');
}

// Calls row(chunk's columns, row in the chunk, row in all) for each row.
async function read(connection, query, row) {
  const result = await connection.stream(query);
  let count = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) {
      return count;
    }
    const columns = [];
    for (let i = 0; i < chunk.columnCount; i++) {
      columns.push(chunk.getColumnVector(i));
    }
    for (let i = 0; i < chunk.rowCount; i++) {
      row(columns, i, count++);
    }
  }
}

function sumText(sum, text) {
  for (let i = 0; i < text.length; i++) {
    sum = (Math.imul(sum, 31) + text.charCodeAt(i)) >>> 0; // ids and names are ASCII
  }
  return sum;
}

function sumNodes(nodes) {
  let sum = 0;
  for (let i = 0; i < nodes.count; i++) {
    let row = sumText(sumText(sumText(7, nodes.ids[i]), nodes.names[i]), nodes.signatures[i]);
    for (const value of [nodes.artifacts[i], nodes.tokens[i], nodes.kinds[i]]) {
      row = (Math.imul(row, 31) + value) >>> 0;
    }
    sum = (sum + Math.imul(row, 2 * i + 1)) >>> 0;
  }
  return sum;
}

function sumEdges(edges) {
  let sum = 0;
  for (let i = 0; i < edges.count; i++) {
    let row = Math.imul(edges.from[i], 31) + edges.to[i];
    row = Math.imul(Math.imul(row, 31) + edges.kinds[i], 0x9e3779b1) >>> 0;
    sum = (sum + ((row ^ (row >>> 15)) >>> 0)) >>> 0;
  }
  return sum;
}

async function scan(database) {
  const connection = await (await DuckDBInstance.create(database, {threads: '1', access_mode: 'READ_ONLY'})).connect();
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const nodes = {ids: new Array(NODES), names: new Array(NODES), signatures: new Array(NODES),
    artifacts: new Uint32Array(NODES), tokens: new Uint32Array(NODES), kinds: new Uint8Array(NODES)};
  const edges = {from: new Uint32Array(EDGES), to: new Uint32Array(EDGES), kinds: new Uint8Array(EDGES)};
  nodes.count = await read(connection, 'SELECT id, name, signature, artifact, token, kind FROM nodes', (columns, i, at) => {
    nodes.ids[at] = columns[0].getItem(i);
    nodes.names[at] = columns[1].getItem(i);
    nodes.signatures[at] = columns[2].getItem(i);
    nodes.artifacts[at] = columns[3].getItem(i);
    nodes.tokens[at] = columns[4].getItem(i);
    nodes.kinds[at] = columns[5].getItem(i);
  });
  edges.count = await read(connection, 'SELECT f, t, kind FROM edges', (columns, i, at) => {
    edges.from[at] = columns[0].getItem(i);
    edges.to[at] = columns[1].getItem(i);
    edges.kinds[at] = columns[2].getItem(i);
  });
  const taken = process.cpuUsage(cpu);
  const figures = [process.hrtime.bigint() - wall, BigInt(taken.user + taken.system) * 1000n, 0, peakBytes()];
  const sums = [sumNodes(nodes), sumEdges(edges)].map((sum) => sum.toString(16).padStart(8, '0'));
  console.log([...figures, nodes.count, edges.count, ...sums].join(' '));
}

(way === 'import' ? importTables(...files) : scan(...files)).catch((error) => {
  console.error(`bench_graph_duckdb: ${error.message}`);
  process.exit(1);
});
