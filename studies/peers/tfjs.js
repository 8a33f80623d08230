// Classifies faces with a network made for browsers, in TensorFlow.js (wasm, one
// thread); obeys the orders described in protocol.py.
//
//     node tfjs.js FOLDER human-models|face-api     FOLDER holds node_modules
'use strict';

console.log = console.error; // standard output is for answers
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const { createRequire } = require('module');

const [, , folder, which] = process.argv;
const installed = createRequire(path.join(path.resolve(folder), 'package.json'));
const tf = installed('@tensorflow/tfjs');
const wasm = installed('@tensorflow/tfjs-backend-wasm');
const packages = path.join(path.resolve(folder), 'node_modules', '@vladmandic');

// As in human's src/gear/emotion.ts: bilinear to the network's size, 0-1, (x - .5) * 2.
// Its weighted sum of red, green and blue is the identity on grey pictures.
async function humanModels() {
  const file = path.join(packages, 'human-models', 'models', 'emotion.json');
  const model = JSON.parse(fs.readFileSync(file));
  const bytes = fs.readFileSync(path.join(path.dirname(file), 'emotion.bin'));
  const network = await tf.loadGraphModel(tf.io.fromMemory({
    modelTopology: model.modelTopology,
    weightSpecs: model.weightsManifest[0].weights,
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  }));
  const side = network.inputs[0].shape[2];
  return async ({ pixels, n, height, width }) => {
    const answer = tf.tidy(() => {
      const faces = tf.tensor4d(Float32Array.from(pixels), [n, height, width, 1]);
      const resized = tf.image.resizeBilinear(tf.div(faces, 255), [side, side], false);
      return network.execute(tf.mul(tf.sub(resized, 0.5), 2));
    });
    const shares = await answer.data();
    answer.dispose();
    return shares;
  };
}

// face-api's own code, fed with tensors: three equal channels, 0-255.
async function faceApi() {
  const faceapi = installed('@vladmandic/face-api/dist/face-api.node-wasm.js');
  const network = faceapi.nets.faceExpressionNet;
  await network.loadFromDisk(path.join(packages, 'face-api', 'model'));
  return async ({ pixels, n, height, width }) => {
    const faces = tf.tidy(() => {
      const grey = tf.tensor4d(Float32Array.from(pixels), [n, height, width, 1]);
      return tf.unstack(tf.tile(grey, [1, 1, 1, 3]));
    });
    const answer = await network.forward(faces);
    const shares = await answer.data();
    tf.dispose([answer, faces]);
    return shares;
  };
}

function readCrops(file) {
  const bytes = fs.readFileSync(file); // NPY 1.0: magic, version, length, header
  const end = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, end);
  const shape = header.match(/'shape': \((\d+), (\d+), (\d+)\)/);
  if (!header.includes("'|u1'") || !header.includes('False') || !shape) {
    throw new Error(`expected uint8 (n, height, width), received ${header}`);
  }
  const [n, height, width] = shape.slice(1).map(Number);
  return { pixels: bytes.subarray(end), n, height, width };
}

function writeAnswers(file, shares, n) {
  const shape = `(${n}, ${shares.length / n})`;
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  const start = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  const padded = header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11) + '\n';
  start.writeUInt16LE(padded.length, 8);
  const body = Buffer.from(shares.buffer, shares.byteOffset, shares.byteLength);
  fs.writeFileSync(file, Buffer.concat([start, Buffer.from(padded, 'latin1'), body]));
}

function part(crops, first, count) {
  const area = crops.height * crops.width;
  const pixels = Buffer.alloc(count * area);
  for (let k = 0; k < count; k++) {
    const from = ((first + k) % crops.n) * area;
    crops.pixels.copy(pixels, k * area, from, from + area);
  }
  return { ...crops, pixels, n: count };
}

async function obey(order, classify) {
  const crops = readCrops(order.crops);
  if (order.do === 'classify') {
    const parts = [];
    for (let first = 0; first < crops.n; first += 64) {
      parts.push(...await classify(part(crops, first, Math.min(64, crops.n - first))));
    }
    writeAnswers(order.answers, Float32Array.from(parts), crops.n);
    return { images: crops.n };
  }
  const ms = [];
  for (let call = 0; call <= order.calls; call++) {
    const some = part(crops, call * order.size, order.size);
    const begin = performance.now();
    await classify(some);
    ms.push(performance.now() - begin);
  }
  return { ms: ms.slice(1) };
}

async function main() {
  wasm.setThreadsCount(1);
  await tf.setBackend('wasm');
  await tf.ready();
  const classify = await { 'human-models': humanModels, 'face-api': faceApi }[which]();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const answer = await obey(JSON.parse(line), classify);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
