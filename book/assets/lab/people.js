// Loads people and reads their files, which emolib/synthesis/page.py writes: a zlib
// stream with a JSON header and arrays of whole numbers, stored as differences, low
// bytes first. The files are text in scripts, since a page that was opened as a file may
// load scripts but read nothing.
{
  const lab = (globalThis.lab ??= {});
  lab.peopleFiles ??= {}; // name -> base64; filled by the scripts in people/
  const folder = globalThis.document?.currentScript?.src;

  // What all people share: {controls, units, people, places, occluders, arrays, ...}.
  lab.openPeople = async () => {
    const people = await readFile("shared");
    const { arrays } = people;
    const [start, rows] = [arrays["unit start"], arrays["unit rows"]];
    const moves = arrays["unit moves"]; // (k, 3), to be scaled with the units' gains
    people.gains.forEach((gain, u) => {
      for (let k = 3 * start[u]; k < 3 * start[u + 1]; k++) moves[k] *= Math.fround(gain);
    });
    people.targets = { start, rows, moves };
    people.grooves = lab.foldGrooves(people.folds);
    return people;
  };

  // Load one person (a key of `people.people`) unless that has been done.
  lab.openPerson = async (people, name) => {
    const person = people.people[name];
    if (!person) throw new Error(`There is no person ${name} in this lab.`);
    person.opening ??= readFile(name).then(({ arrays }) => {
      person.arrays = arrays;
      person.figures = new Map();
    });
    try {
      await person.opening;
    } catch (error) {
      person.opening = undefined; // so that one can try again
      throw error;
    }
  };

  const loadScript = (name) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`people/${name}.js`, folder);
      script.onload = resolve;
      script.onerror = () => reject(new Error(`people/${name}.js could not be loaded.`));
      document.head.append(script);
    });

  // Give the header of a file with its `arrays`: name -> typed array (n * c), row by
  // row; Int32Array, or Float32Array where a step is not 1.
  const readFile = async (name) => {
    if (!globalThis.DecompressionStream) {
      throw new Error("This browser is too old to unpack the faces.");
    }
    if (!lab.peopleFiles[name]) await loadScript(name);
    const letters = atob(lab.peopleFiles[name]);
    delete lab.peopleFiles[name]; // the text is not needed any more
    const packed = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const unpacking = new DecompressionStream("deflate");
    const stream = new Blob([packed]).stream().pipeThrough(unpacking);
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const text = new TextDecoder().decode(bytes.subarray(4, 4 + length));
    const header = JSON.parse(text);
    const arrays = {};
    for (const [array, how] of Object.entries(header.arrays)) {
      arrays[array] = unfold(bytes.subarray(4 + length + how[0]), how);
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
