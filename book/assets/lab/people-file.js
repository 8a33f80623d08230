// Reads the file of people that emolib/synthesis/page.py writes: a zlib stream with a
// JSON header and arrays of whole numbers, stored as differences, low bytes first.
{
  const lab = (globalThis.lab ??= {});

  // Gives {units, people, occluders, ..., arrays}; `arrays` maps a name to a typed array
  // (n * c), row by row: Int32Array, or Float32Array where a step is not 1.
  lab.readPeople = async (base64) => {
    const packed = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const unpacking = new Blob([packed]).stream();
    const stream = unpacking.pipeThrough(new DecompressionStream("deflate"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const text = new TextDecoder().decode(bytes.subarray(4, 4 + length));
    const header = JSON.parse(text);
    const arrays = {};
    for (const [name, how] of Object.entries(header.arrays)) {
      arrays[name] = unfold(bytes.subarray(4 + length + how[0]), how);
    }
    return { ...header, arrays };
  };

  const unfold = (bytes, [, rows, columns, planes, step, isField]) => {
    const count = rows * columns;
    const whole = new Int32Array(count);
    for (let k = 0; k < count; k++) {
      let folded = 0;
      for (let plane = 0; plane < planes; plane++) {
        folded |= bytes[plane * count + k] << (8 * plane);
      }
      const change = folded & 1 ? -(folded + 1) / 2 : folded / 2; // 0, -1, 1, -2, ...
      whole[k] = change;
    }
    if (isField) sumRows(whole, rows, columns);
    const values = step === 1 ? new Int32Array(count) : new Float32Array(count);
    for (let column = 0; column < columns; column++) {
      let value = 0;
      for (let row = 0; row < rows; row++) {
        // columns are stored one after the other
        value += whole[column * rows + row];
        values[row * columns + column] = value * step;
      }
    }
    return values;
  };

  // Of a field the differences run along its rows, too.
  const sumRows = (whole, rows, columns) => {
    for (let column = 1; column < columns; column++) {
      for (let row = 0; row < rows; row++) {
        whole[column * rows + row] += whole[(column - 1) * rows + row];
      }
    }
  };
}
