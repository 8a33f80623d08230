// Geometry: move vertices, turn them to the camera, find the nearest triangle at each
// pixel. The words are those of emolib/synthesis/drawing (mesh.py, raster.py) and of
// emolib/synthesis/renderer.py; a test holds both to a thousandth of a pixel.
{
  const lab = (globalThis.lab ??= {});
  const CAMERA = 11; // distance from the camera to the eyes, decimetres
  const EYES = [0, 7.285, 1.38]; // the middle between the pupils
  const INTEROCULAR = 0.62;
  const CROP = { eyeLine: 0.37, interocular: 0.385 }; // fractions of the picture's side
  const SHADOW = { reach: 1.25, size: 112 }; // decimetres, texels
  const radians = (degrees) => (degrees * Math.PI) / 180;

  // Move vertices (n, 3) in place: unit u moves the vertices rows[start[u]...] by
  // weights[u] times the same rows of `moves` (k, 3).
  lab.moveVertices = (vertices, { start, rows, moves }, weights) => {
    for (let unit = 0; unit < weights.length; unit++) {
      const weight = weights[unit];
      if (weight === 0) continue;
      for (let k = start[unit]; k < start[unit + 1]; k++) {
        const at = 3 * rows[k];
        vertices[at] += weight * moves[3 * k];
        vertices[at + 1] += weight * moves[3 * k + 1];
        vertices[at + 2] += weight * moves[3 * k + 2];
      }
    }
  };

  // Area-weighted unit normals (n, 3) of the vertices.
  lab.vertexNormals = (vertices, triangles) => {
    const normals = new Float32Array(vertices.length);
    for (let k = 0; k < triangles.length; k += 3) {
      const a = 3 * triangles[k];
      const b = 3 * triangles[k + 1];
      const c = 3 * triangles[k + 2];
      const ux = vertices[b] - vertices[a];
      const uy = vertices[b + 1] - vertices[a + 1];
      const uz = vertices[b + 2] - vertices[a + 2];
      const vx = vertices[c] - vertices[a];
      const vy = vertices[c + 1] - vertices[a + 1];
      const vz = vertices[c + 2] - vertices[a + 2];
      const nx = uy * vz - uz * vy;
      const ny = uz * vx - ux * vz;
      const nz = ux * vy - uy * vx;
      normals[a] += nx;
      normals[a + 1] += ny;
      normals[a + 2] += nz;
      normals[b] += nx;
      normals[b + 1] += ny;
      normals[b + 2] += nz;
      normals[c] += nx;
      normals[c + 1] += ny;
      normals[c + 2] += nz;
    }
    for (let k = 0; k < normals.length; k += 3) {
      const x = normals[k];
      const y = normals[k + 1];
      const z = normals[k + 2];
      const length = Math.sqrt(x * x + y * y + z * z);
      if (length > 0) {
        normals[k] = x / length;
        normals[k + 1] = y / length;
        normals[k + 2] = z / length;
      }
    }
    return normals;
  };

  // Rotation (3, 3) of the head, row by row: first yaw, then pitch.
  lab.rotation = ({ yaw, pitch }) => {
    const [c, s] = [Math.cos(radians(yaw)), Math.sin(radians(yaw))];
    const [d, t] = [Math.cos(radians(pitch)), Math.sin(radians(pitch))];
    return [c, 0, s, -t * s, d, t * c, -d * s, -t, d * c].map(Math.fround);
  };

  // Places (n, 3) of the vertices before the camera; the origin is between the eyes.
  lab.toCamera = (vertices, rotation) => {
    const [r0, r1, r2, r3, r4, r5, r6, r7, r8] = rotation;
    const places = new Float32Array(vertices.length);
    for (let k = 0; k < vertices.length; k += 3) {
      const x = Math.fround(vertices[k] - EYES[0]);
      const y = Math.fround(vertices[k + 1] - Math.fround(EYES[1]));
      const z = Math.fround(vertices[k + 2] - Math.fround(EYES[2]));
      places[k] = r0 * x + r1 * y + r2 * z;
      places[k + 1] = r3 * x + r4 * y + r5 * z;
      places[k + 2] = r6 * x + r7 * y + r8 * z;
    }
    return places;
  };

  // Pixels (n, 2), column and row, of places (n, 3) in a picture of a side: as an
  // aligner would, pupils level and on the canonical crop, then the scene's jitter.
  lab.project = (places, rotation, scene, side) => {
    const ends = [-INTEROCULAR / 2, INTEROCULAR / 2].map((half) => {
      const nearer = CAMERA / (CAMERA - half * rotation[6]);
      return [half * rotation[0] * nearer, half * rotation[3] * nearer];
    });
    const step = [ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]];
    const middle = [(ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2];
    const size = (CROP.interocular * scene.scale * side) / Math.hypot(...step);
    const roll = radians(scene.roll);
    const angle = Math.atan2(step[1], step[0]) + roll;
    const cos = Math.cos(angle) * size;
    const sin = Math.sin(angle) * size;
    const lift = (CROP.eyeLine - 0.5) * side * scene.scale;
    const left = side * (0.5 + scene.shift_x) - lift * Math.sin(roll);
    const top = side * (0.5 + scene.shift_y) + lift * Math.cos(roll);
    const pixels = new Float32Array((places.length / 3) * 2);
    for (let k = 0, p = 0; k < places.length; k += 3, p += 2) {
      const nearer = CAMERA / (CAMERA - places[k + 2]);
      const x = places[k] * nearer - middle[0];
      const y = places[k + 1] * nearer - middle[1];
      pixels[p] = x * cos + y * sin + left;
      pixels[p + 1] = x * sin - y * cos + top;
    }
    return pixels;
  };

  // The nearest triangle at each pixel of a square picture (a z-buffer): which one, -1
  // for none; the weights u and v of its first two corners; its depth, larger is nearer:
  // `nearness` is the third of every three numbers. Backs of skin are not drawn.
  lab.rasterise = (pixels, nearness, figure, side, into = lab.emptyRaster(side)) => {
    const { triangles, oneSided } = figure;
    const { triangle, bary, depth } = into;
    triangle.fill(-1);
    depth.fill(-1e9);
    for (let k = 0; k < oneSided.length; k++) {
      const a = triangles[3 * k];
      const b = triangles[3 * k + 1];
      const c = triangles[3 * k + 2];
      const ax = pixels[2 * a];
      const ay = pixels[2 * a + 1];
      const bx = pixels[2 * b];
      const by = pixels[2 * b + 1];
      const cx = pixels[2 * c];
      const cy = pixels[2 * c + 1];
      const area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy);
      if (Math.abs(area) < 1e-9 || (area > 0 && oneSided[k])) continue;
      const low = Math.min(ay, by, cy);
      const high = Math.max(ay, by, cy);
      if (high < 0.5 || low > side - 0.5) continue;
      const left = Math.max(Math.trunc(Math.min(ax, bx, cx) + 0.5), 0);
      const right = Math.min(Math.trunc(Math.max(ax, bx, cx) + 0.5), side);
      const top = Math.max(Math.trunc(low + 0.5), 0);
      const bottom = Math.min(Math.trunc(high + 0.5), side);
      if (right <= left || bottom <= top) continue;
      const za = nearness[3 * a + 2];
      const zb = nearness[3 * b + 2];
      const zc = nearness[3 * c + 2];
      // weights of the first two corners, and how they change per pixel
      const ux = (by - cy) / area;
      const uy = (cx - bx) / area;
      const vx = (cy - ay) / area;
      const vy = (ax - cx) / area;
      const wide = right - left > 4;
      const middle = cx - 0.5;
      for (let row = top; row < bottom; row++) {
        const y = row + 0.5 - cy;
        let from = left;
        let to = right;
        if (wide) {
          // where the three edges cross this row, a pixel more on each side
          const iu = middle - (uy / ux) * y;
          const iv = middle - (vy / vx) * y;
          const iw = middle + (1 - (uy + vy) * y) / (ux + vx);
          if (ux > 0) from = Math.max(from, Math.floor(iu));
          else if (ux < 0) to = Math.min(to, Math.ceil(iu) + 1);
          if (vx > 0) from = Math.max(from, Math.floor(iv));
          else if (vx < 0) to = Math.min(to, Math.ceil(iv) + 1);
          if (ux + vx < 0) from = Math.max(from, Math.floor(iw));
          else if (ux + vx > 0) to = Math.min(to, Math.ceil(iw) + 1);
        }
        for (let column = from; column < to; column++) {
          const x = column + 0.5 - cx;
          const u = ux * x + uy * y;
          const v = vx * x + vy * y;
          if (u < 0 || v < 0 || u + v > 1) continue;
          const z = u * za + v * zb + (1 - u - v) * zc;
          const at = row * side + column;
          if (z > depth[at]) {
            depth[at] = z;
            triangle[at] = k;
            bary[2 * at] = u;
            bary[2 * at + 1] = v;
          }
        }
      }
    }
    return into;
  };

  lab.emptyRaster = (side) => ({
    triangle: new Int32Array(side * side),
    bary: new Float32Array(2 * side * side),
    depth: new Float32Array(side * side),
  });

  // The share of light that reaches each pixel past its surroundings, 1 where the sky is
  // open: a point behind the mean depth of its neighbourhood is in a hollow.
  lab.ambientOcclusion = (depth, side) => {
    const width = side + 1;
    const total = new Float64Array(width * width); // sums of all above and to the left
    const count = new Float64Array(width * width);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const z = depth[row * side + column];
        const at = (row + 1) * width + column + 1;
        const hit = z > -1e8;
        total[at] =
          total[at - 1] + total[at - width] - total[at - width - 1] + (hit ? z : 0);
        count[at] =
          count[at - 1] + count[at - width] - count[at - width - 1] + (hit ? 1 : 0);
      }
    }
    const sky = new Float32Array(side * side).fill(1);
    for (const [share, strength] of [[0.022, 3.2], [0.065, 0.9]]) {
      const reach = Math.max(1, Math.trunc(side * share + 0.5));
      for (let row = 0; row < side; row++) {
        const r0 = Math.max(0, row - reach) * width;
        const r1 = Math.min(side, row + reach + 1) * width;
        for (let column = 0; column < side; column++) {
          const z = depth[row * side + column];
          if (z < -1e8) continue;
          const c0 = Math.max(0, column - reach);
          const c1 = Math.min(side, column + reach + 1);
          const n = count[r1 + c1] - count[r0 + c1] - count[r1 + c0] + count[r0 + c0];
          const s = total[r1 + c1] - total[r0 + c1] - total[r1 + c0] + total[r0 + c0];
          const hollow = Math.min(Math.max(s / n - z, 0), 0.25);
          if (hollow > 0) sky[row * side + column] *= Math.exp(-strength * hollow);
        }
      }
    }
    return sky;
  };

  // Draw the figure once more, as the key light sees it: nearest depth (112, 112), and
  // the light's own axes (3, 3).
  lab.shadowMap = (places, figure, toward) => {
    const flat = Math.hypot(toward[2], toward[0]);
    const across = [toward[2] / flat, 0, -toward[0] / flat];
    const up = [
      toward[1] * across[2] - toward[2] * across[1],
      toward[2] * across[0] - toward[0] * across[2],
      toward[0] * across[1] - toward[1] * across[0],
    ];
    const axes = Float32Array.from([...across, ...up, ...toward]);
    const seen = new Float32Array(places.length);
    const pixels = new Float32Array((places.length / 3) * 2);
    const texel = SHADOW.size / (2 * SHADOW.reach);
    for (let k = 0, p = 0; k < places.length; k += 3, p += 2) {
      const x = places[k];
      const y = places[k + 1];
      const z = places[k + 2];
      seen[k] = axes[0] * x + axes[1] * y + axes[2] * z;
      seen[k + 1] = axes[3] * x + axes[4] * y + axes[5] * z;
      seen[k + 2] = axes[6] * x + axes[7] * y + axes[8] * z;
      pixels[p] = (seen[k] + SHADOW.reach) * texel;
      pixels[p + 1] = SHADOW.size - (seen[k + 1] + SHADOW.reach) * texel;
    }
    const { depth } = lab.rasterise(pixels, seen, figure, SHADOW.size);
    const nearest = nearestAround(depth, SHADOW.size);
    return { depth, nearest, axes, size: SHADOW.size, reach: SHADOW.reach };
  };

  // The nearest depth within two texels of each: what is before it is in full light.
  const nearestAround = (depth, size) => {
    let from = depth;
    for (const [pace, other] of [[1, size], [size, 1]]) {
      const to = new Float32Array(size * size);
      for (let line = 0; line < size; line++) {
        for (let place = 0; place < size; place++) {
          let nearest = -1e9;
          const last = Math.min(place + 2, size - 1);
          for (let k = Math.max(place - 2, 0); k <= last; k++) {
            const z = from[line * other + k * pace];
            if (z > nearest) nearest = z;
          }
          to[line * other + place * pace] = nearest;
        }
      }
      from = to;
    }
    return from;
  };
}
