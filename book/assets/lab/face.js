// A rendered face: from a person, action units and a scene to a picture, as
// emolib.synthesis.render draws it, without Python. Needs people.js, mesh.js, paint.js,
// shade.js and camera.js.
//
//   const people = await lab.openPeople();
//   await lab.openPerson(people, "25");
//   const posed = lab.pose(people, { person: "25", units: { jawOpen: 0.6 }, scene: {} });
//   const grey = lab.draw(posed, 64).image; // 64x64, for the network
//   const shown = lab.draw(posed, 256, { colour: true }).image; // RGBA, for a canvas
//
// The steps are the classic ones: move the vertices, project them, find the nearest
// triangle at each pixel, shade it in light and shadow, then do what a camera does.
//
// All of it is arithmetic on typed arrays; no WebGL. In a browser without a GPU (Chromium
// with SwiftShader, two cores) WebGL2 took 25 ms at best for the shadow map and two
// pictures, 64 and 128 pixels wide, with a simpler shader, without ambient occlusion,
// folds and hair; this took 18 to 24 ms for both with everything, is exact, and needs
// nothing. While a slider moves, both are made of one drawing (`quick`): 6 ms.
{
  const lab = (globalThis.lab ??= {});
  const [SKIN, EYE, FRAME] = [0, 2, 7]; // materials, see mesh.py
  const SUPERSAMPLING = 2; // the picture is drawn this much finer, see camera.js
  const MAX_WEIGHT = 1.6;
  const UNDER_MASK = ["mouth", "jaw", "tongue", "cheekPuff"]; // what a mask presses flat
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const unit = (vector) => {
    const length = Math.hypot(...vector);
    return vector.map((one) => one / length);
  };

  // How a picture is taken if nothing else is said; names and units of Python's Scene.
  lab.plainScene = {
    yaw: 0, pitch: 0, roll: 0, // degrees
    light_azimuth: -30, light_elevation: 35, light_contrast: 0.5, rim: 0, exposure: 1,
    background: 0, // the seed of one of the lab's places; null for a grey panel
    occluder: "none",
    shift_x: 0, shift_y: 0, scale: 1, blur: 0.004,
  };

  // --- People ---

  // One mesh of a head and what it wears: vertices and rest places (n, 3), colours
  // (n, 3), masks of lips and mouth (n, 2), triangles (m, 3) and their materials (m).
  const dress = (people, person, occluder) => {
    const known = person.figures.get(occluder);
    if (known) return known;
    const [shared, own] = [people.arrays, person.arrays];
    // a person's places are told in steps from those of the average, or the first person
    const moved = (from, steps) =>
      from.map((place, k) => place + people.length * steps[k]);
    const head = {
      vertices: moved(shared.rest, own.head),
      rest: shared.rest,
      colours: new Float32Array(shared.rest.length).fill(1),
      triangles: shared.triangles,
      materials: shared.materials,
    };
    const parts = [head];
    if (own["worn vertices"]) {
      parts.push({
        vertices: own["worn vertices"],
        rest: own["worn rest"] ?? own["worn vertices"],
        colours: own["worn colours"],
        triangles: own["worn triangles"],
        materials: own["worn materials"],
      });
    }
    if (occluder !== "none") {
      const vertices = moved(shared[`${occluder} vertices`], own[occluder]);
      parts.push({
        vertices,
        rest: vertices,
        colours: own[`${occluder} colours`] ?? shared[`${occluder} colours`],
        triangles: shared[`${occluder} triangles`],
        materials: shared[`${occluder} materials`],
      });
    }
    let before = 0;
    for (const part of parts) {
      const first = before;
      part.triangles = part.triangles.map((row) => row + first);
      before += part.vertices.length / 3;
    }
    const all = (Kind, key) => join(Kind, parts.map((part) => part[key]));
    const materials = all(Uint8Array, "materials");
    const masks = new Float32Array(2 * before);
    masks.set(shared.masks);
    const figure = {
      vertices: all(Float32Array, "vertices"),
      rest: all(Float32Array, "rest"),
      colours: all(Float32Array, "colours"),
      triangles: all(Int32Array, "triangles"),
      materials,
      masks,
      oneSided: materials.map((material) => material === SKIN),
    };
    person.figures.set(occluder, figure);
    return figure;
  };

  const join = (Kind, parts) => {
    const joined = new Kind(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  };

  // What is painted on a person's skin of a tone; the last one is kept.
  const skinOf = (people, person, tone) => {
    if (person.painted?.tone !== tone) {
      const albedo = lab.paintSkin(person.arrays, tone, person.brow);
      const [pores, noise] = [person.arrays.relief, people.arrays.noise];
      person.painted = { tone, maps: { albedo, pores, noise } };
    }
    return person.painted.maps;
  };

  // --- Pose and light ---

  // All of a face that does not depend on the size of the picture. Of a face {person,
  // units, scene} units have their full names, such as mouthSmileLeft, 0 to 1.6; another
  // `skin_tone` than the person's, 0 to 1, may be added.
  lab.pose = (people, face) => {
    const { person: name, units = {}, scene: given = {} } = face;
    const scene = { ...lab.plainScene, ...given };
    const person = people.people[name];
    if (!person?.arrays) throw new Error(`Open person ${name} first: lab.openPerson.`);
    const weights = Object.fromEntries(
      Object.entries(units).filter(
        ([unit]) =>
          scene.occluder !== "mask" || !UNDER_MASK.some((one) => unit.startsWith(one)),
      ),
    );
    const figure = dress(people, person, scene.occluder);
    const vertices = figure.vertices.slice();
    const ordered = people.units.map((unit) => Math.min(weights[unit] ?? 0, MAX_WEIGHT));
    lab.moveVertices(vertices, people.targets, Float32Array.from(ordered));

    const rotation = lab.rotation(scene);
    const places = lab.toCamera(vertices, rotation);
    const light = lightOf(scene);
    const place = Object.entries(people.places).find(
      ([, { seed }]) => seed === scene.background,
    );
    if (scene.background !== null && !place) {
      throw new Error(`Background ${scene.background} is not among the lab's places.`);
    }
    return {
      scene,
      figure,
      rotation,
      light,
      view: {
        places,
        normals: lab.vertexNormals(places, figure.triangles),
        across: [rotation[0], rotation[3], rotation[6]], // the head's own x and y
        up: [rotation[1], rotation[4], rotation[7]],
      },
      shadow: lab.shadowMap(places, figure, light.toward),
      maps: {
        ...skinOf(people, person, face.skin_tone ?? person.skin_tone),
        folds: lab.foldRelief(people.grooves, weights, person.age),
      },
      look: { ...person, lips: lipRedness(weights) },
      place: place && { ...place[1], leaves: people.arrays[`leaves ${place[0]}`] },
    };
  };

  // Unit vectors to the key light, to the light behind the head and half-way between
  // key light and camera, camera coordinates; and how strong they are.
  const lightOf = (scene) => {
    const azimuth = radians(scene.light_azimuth);
    const elevation = radians(scene.light_elevation);
    const flat = Math.cos(elevation);
    const toward = [
      Math.sin(azimuth) * flat,
      Math.sin(elevation),
      Math.cos(azimuth) * flat,
    ];
    const back = unit([-Math.sin(azimuth) >= 0 ? 0.8 : -0.8, 0.35, -0.5]);
    const half = unit([toward[0], toward[1], toward[2] + 1]);
    return { toward, back, half, contrast: scene.light_contrast, rim: scene.rim };
  };

  // 1 at rest, down to 0.2 as the lips are pressed or rolled in.
  const lipRedness = (weights) => {
    const inwards = ["mouthPressLeft", "mouthPressRight", "mouthRollLower"].map(
      (unit) => weights[unit] ?? 0,
    );
    return Math.max(0.2, 1 - 0.45 * (inwards[0] + inwards[1] + inwards[2]));
  };

  // --- Picture ---

  // The picture of a posed face, `size` pixels wide: grey (size * size), or RGBA for a
  // canvas; the share of the face that an occluder covers; and how bright the skin is,
  // by which the exposure is measured. With the `lit` of another picture both are
  // exposed alike, whatever covers the face in one of them. With `quick` there is a
  // second picture, `fine`: RGBA, of the same light before it was averaged, so twice as
  // wide, with steps at its edges, and for almost nothing.
  lab.draw = (posed, size, { colour = false, lit: metered, quick = false } = {}) => {
    const { figure, view, scene } = posed;
    const side = size * SUPERSAMPLING;
    const pixels = lab.project(view.places, posed.rotation, scene, side);
    const { raster, light } = canvasOf(side);
    lab.rasterise(pixels, view.places, figure, side, raster);
    const sky = lab.ambientOcclusion(raster.depth, side);
    light.set(backgroundOf(posed.place, size));
    const { maps, look, shadow } = posed;
    const lit = lab.shade(
      light, side, raster, sky, figure, view, maps, look, posed.light, shadow,
    );
    const film = (finer, inColour) =>
      lab.develop(light, metered ?? lit, scene, side, finer, inColour);
    const free = scene.occluder === "none";
    const covered = free ? 0 : coveredShare(figure.materials, raster.triangle);
    const image = film(SUPERSAMPLING, colour);
    return { image, covered, lit, ...(quick && { fine: film(1, true) }) };
  };

  // What a picture of a side is drawn into, kept for the next one.
  const canvases = new Map();
  const canvasOf = (side) => {
    if (!canvases.has(side)) {
      const light = new Float32Array(3 * side * side);
      canvases.set(side, { raster: lab.emptyRaster(side), light });
    }
    return canvases.get(side);
  };

  // The background, SUPERSAMPLING times as wide; painted once for each place and size.
  const backgrounds = new Map();
  const backgroundOf = (place, size) => {
    const key = `${place?.seed} ${size}`;
    if (backgrounds.has(key)) return backgrounds.get(key);
    const small = lab.paintBackground(place, size);
    const side = size * SUPERSAMPLING;
    const image = new Float32Array(3 * side * side);
    for (let row = 0, at = 0; row < side; row++) {
      const from = size * Math.trunc(row / SUPERSAMPLING);
      for (let column = 0; column < side; column++, at += 3) {
        const source = 3 * (from + Math.trunc(column / SUPERSAMPLING));
        image[at] = small[source];
        image[at + 1] = small[source + 1];
        image[at + 2] = small[source + 2];
      }
    }
    backgrounds.set(key, image);
    return image;
  };

  const coveredShare = (materials, triangle) => {
    let [face, covered] = [0, 0];
    for (let at = 0; at < triangle.length; at++) {
      if (triangle[at] < 0) continue;
      const material = materials[triangle[at]];
      if (material >= FRAME) covered += 1;
      if (material >= FRAME || material === SKIN || material === EYE) face += 1;
    }
    return covered / Math.max(face, 1);
  };
}
