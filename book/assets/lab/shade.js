// From pixels to light: what a surface is painted with, and which light reaches it. The
// words and numbers are those of emolib/synthesis/drawing/shader.py.
{
  const lab = (globalThis.lab ??= {});
  // Codes of the materials, see mesh.py.
  const [SKIN, TONGUE, EYE, TEETH, HAIR, LASH, FABRIC, FRAME, , CLOTH, HAND] =
    Array(11).keys();
  const TILE = 128; // side of the tile of noise, texels
  const PUPIL = { x: 0.31, y: 7.285 };

  // What the surface at a pixel is painted with. One record for all pixels: a new one
  // for each would cost more than the arithmetic.
  const paint = {
    red: 0.5, green: 0.5, blue: 0.5, // linear, 0 to 1
    shine: 0.5, // strength of the highlight
    gloss: 0.5, // its exponent: the larger, the narrower
    cavity: 0.5, // share of the light that gets into the mouth
    glow: 0.5, // share of the key light that arrives in any shadow
  };
  const use = (red, green, blue, shine, gloss, cavity, glow) => {
    paint.red = red;
    paint.green = green;
    paint.blue = blue;
    paint.shine = shine;
    paint.gloss = gloss;
    paint.cavity = cavity;
    paint.glow = glow;
  };
  const clip = (x, low, high) => (x < low ? low : x > high ? high : x);
  const mix = (first, second, share) => first * (1 - share) + second * share;

  // Noise (128, 128) at a place between its texels; it repeats.
  const noiseAt = (noise, x, y) => {
    const column = Math.floor(x);
    const row = Math.floor(y);
    const fx = x - column;
    const fy = y - row;
    const c0 = column & (TILE - 1);
    const r0 = (row & (TILE - 1)) * TILE;
    const c1 = (column + 1) & (TILE - 1);
    const r1 = ((row + 1) & (TILE - 1)) * TILE;
    const upper = noise[r0 + c0] * (1 - fx) + noise[r0 + c1] * fx;
    const lower = noise[r1 + c0] * (1 - fx) + noise[r1 + c1] * fx;
    return upper * (1 - fy) + lower * fy;
  };

  // x ** n for whole n, in a third of the time: 14 is 8 + 4 + 2.
  const power = (x, n) => {
    let product = 1;
    for (let left = n | 0, square = x; left > 0; left >>= 1, square *= square) {
      if (left & 1) product *= square;
    }
    return product;
  };

  // --- Materials ---

  // Skin with its pigment r, g, b, and what is on it: the masks of lips and mouth, the
  // depth of a fold, the share `covered` by hair, and the noise of its strands.
  const paintSkin = (r, g, b, lipMask, mouth, fold, strand, covered, look) => {
    const lip = clip(1.5 * lipMask - 0.2, 0, 1) * look.lips;
    const wet = clip(2 * mouth - 0.6, 0, 1);
    const dark = fold > 0 ? Math.exp(-0.42 * fold) : 1;
    let red = mix(r * (1 - 0.22 * lip), 0.1, wet) * dark;
    let green = mix(g * (1 - 0.55 * lip), 0.022, wet) * dark;
    let blue = mix(b * (1 - 0.48 * lip), 0.02, wet) * dark;
    let shine = 0.04 + 0.1 * look.oiliness + 0.1 * lip;
    if (covered > 0) {
      const stubble = 0.7 * (1 + 0.3 * strand);
      red = mix(red, Math.max(look.hair[0] * stubble, 0.003), covered);
      green = mix(green, Math.max(look.hair[1] * stubble, 0.003), covered);
      blue = mix(blue, Math.max(look.hair[2] * stubble, 0.003), covered);
      shine = mix(shine, 0.02, covered);
    }
    use(red, green, blue, shine, covered > 0 ? 8 : 14, 1 - 0.85 * wet, 0);
  };

  // A lock: strands in the hair's colour times its own, dark at its edges (-1 and 1).
  const paintHair = (red, green, blue, strand, edge, { hair }) => {
    const tint = (1 + 0.3 * strand) * (1 - 0.3 * edge * edge);
    const shine = (0.012 + 0.06 * hair[0]) * Math.max(1 + 0.6 * strand, 0);
    use(
      Math.max(hair[0] * red * tint, 0.003),
      Math.max(hair[1] * green * tint, 0.003),
      Math.max(hair[2] * blue * tint, 0.003),
      shine, 24, 1, 0,
    );
  };

  // An eyeball at a resting place: white, iris and pupil, under the lid.
  const paintEye = (x, y, iris) => {
    const radius = Math.hypot(x - (x > 0 ? PUPIL.x : -PUPIL.x), y - PUPIL.y);
    const lid = clip((y - 7.3) / 0.06, 0, 1);
    const white = (1 - 0.45 * lid) * (1 - 1.6 * Math.max(radius - 0.07, 0));
    const light = (0.3 - 0.27 * iris) * (0.55 + 6 * Math.max(radius - 0.03, 0)) * white;
    const inside = clip((0.066 - radius) / 0.01, 0, 1);
    const pupil = clip((0.031 - radius) / 0.008, 0, 1);
    use(
      mix(mix(0.42 * white, light * (0.7 + 0.3 * iris), inside), 0.008, pupil),
      mix(mix(0.38 * white, light * (0.9 - 0.3 * iris), inside), 0.008, pupil),
      mix(mix(0.36 * white, light * (1.1 - 0.8 * iris), inside), 0.008, pupil),
      0.5, 120, 1, 0,
    );
  };

  // Teeth and tongue are darker the farther back in the mouth.
  const paintTeeth = (z) =>
    use(0.56, 0.52, 0.45, 0.1, 30, clip(1 - 2 * (1.45 - z), 0.12, 1), 0.5);
  const paintTongue = (z) =>
    use(0.3, 0.09, 0.08, 0.06, 20, clip((z - 0.8) / 0.9, 0.08, 0.45), 0);

  // Dark glass: its own colour, and more of the sky in it further up.
  const paintLens = (red, green, blue, y) => {
    const glare = 0.008 + 0.03 * clip((y - 7.1) / 0.35, 0, 1);
    use(glare + red, glare + green, glare + blue, 0.15, 60, 1, 0);
  };

  // --- Light ---

  // The share of the key light that reaches a place: nine neighbours in the shadow map
  // vote. Grazing light gets more slack, so that a surface does not shadow itself.
  const visibility = (x, y, z, facing, { depth, nearest, axes, size, reach }) => {
    const texel = size / (2 * reach);
    const sx = (axes[0] * x + axes[1] * y + axes[2] * z + reach) * texel;
    const sy = size - (axes[3] * x + axes[4] * y + axes[5] * z + reach) * texel;
    const sz = axes[6] * x + axes[7] * y + axes[8] * z;
    const beyond = sz + 0.035 + 0.09 * (1 - Math.max(facing, 0));
    const at = (sy | 0) * size + (sx | 0);
    if (sx >= 0 && sx < size && nearest[at] <= beyond) return 1;
    let dark = 0;
    for (let dy = -1.5; dy < 2; dy += 1.5) {
      const row = (sy + dy) | 0; // the whole part
      if (row < 0 || row >= size) continue;
      for (let dx = -1.5; dx < 2; dx += 1.5) {
        const column = (sx + dx) | 0;
        if (column < 0 || column >= size) continue;
        const gap = depth[row * size + column] - beyond;
        if (gap > 0) dark += gap < 0.04 ? gap / 0.04 : 1;
      }
    }
    return 1 - dark / 9;
  };

  // Lambert's cosine law for light that reaches around by `wrap`.
  const wrapped = (facing, wrap) => Math.max((facing + wrap) / (1 + wrap), 0);

  // How squarely the strand from place a to place b crosses the light, 0 to 1.
  const crossing = (places, a, b, half) => {
    const x = places[3 * b] - places[3 * a];
    const y = places[3 * b + 1] - places[3 * a + 1];
    const z = places[3 * b + 2] - places[3 * a + 2];
    const dot = x * half[0] + y * half[1] + z * half[2];
    const along = dot / (Math.sqrt(x * x + y * y + z * z) + 1e-9);
    return Math.sqrt(Math.max(1 - along * along, 0));
  };

  // --- Pixels ---

  // Colours every pixel of `image` (side, side, 3), the background, where a triangle is
  // seen: albedo times light, and a highlight. Gives the mean luminance of the skin.
  lab.shade = (image, side, raster, sky, figure, view, maps, look, light, shadow) => {
    const { triangle, bary, depth } = raster;
    const { triangles, materials, colours, rest, masks } = figure;
    const { places, normals, across, up } = view;
    const { albedo, pores, folds, noise } = maps;
    const { left, top, texels, rows, columns } = lab.skinMap;
    const { aboveHairline } = lab;
    const { toward, back, half, contrast, rim } = light;
    const [tx, ty, tz] = toward;
    const [hx, hy, hz] = half;
    const density = look.growth[4];
    let litSum = 0;
    let litCount = 0;
    for (let at = 0; at < side * side; at++) {
      const k = triangle[at];
      if (k < 0) continue;
      const a = triangles[3 * k];
      const b = triangles[3 * k + 1];
      const c = triangles[3 * k + 2];
      const a3 = 3 * a;
      const b3 = 3 * b;
      const c3 = 3 * c;
      const u = bary[2 * at];
      const v = bary[2 * at + 1];
      const w = 1 - u - v;
      // the value at this point of numbers that the three corners have
      const x = u * rest[a3] + v * rest[b3] + w * rest[c3];
      const y = u * rest[a3 + 1] + v * rest[b3 + 1] + w * rest[c3 + 1];
      const z = u * rest[a3 + 2] + v * rest[b3 + 2] + w * rest[c3 + 2];
      let nx = u * normals[a3] + v * normals[b3] + w * normals[c3];
      let ny = u * normals[a3 + 1] + v * normals[b3 + 1] + w * normals[c3 + 1];
      let nz = u * normals[a3 + 2] + v * normals[b3 + 2] + w * normals[c3 + 2];
      const material = materials[k];
      let open = sky[at];
      let strands = 0;

      let i = clip(((top - y) * texels) | 0, 0, rows - 1);
      let j = clip(((x - left) * texels) | 0, 0, columns - 1);
      if (material === HAND) {
        // the skin of the forehead, without its lines
        i = 70 + (Math.trunc(y * 97) % 9);
        j = 90 + (((Math.trunc(x * 89) % 13) + 13) % 13);
      }
      const texel = i * columns + j;
      const red = albedo[3 * texel];
      const green = albedo[3 * texel + 1];
      const blue = albedo[3 * texel + 2];

      if (material === SKIN) {
        const lip = u * masks[2 * a] + v * masks[2 * b] + w * masks[2 * c];
        const mouth = u * masks[2 * a + 1] + v * masks[2 * b + 1] + w * masks[2 * c + 1];
        let fold = 0;
        if (i >= 1 && i < rows - 1 && j >= 1 && j < columns - 1 && z > 0.6) {
          fold = folds[3 * texel];
          const right = pores[texel + 1] - pores[texel - 1];
          const upwards = pores[texel - columns] - pores[texel + columns];
          const slopeX = -1.1 * folds[3 * texel + 1] + 0.02 * right;
          const slopeY = -1.1 * folds[3 * texel + 2] + 0.02 * upwards;
          nx -= across[0] * slopeX + up[0] * slopeY; // the normal leans with the relief
          ny -= across[1] * slopeX + up[1] * slopeY;
          nz -= across[2] * slopeX + up[2] * slopeY;
        }
        let strand = 0;
        let covered = 0;
        const above = aboveHairline(x, y, z, look.growth);
        if (above > -0.3) {
          // no strand reaches further down
          strand = noiseAt(noise, x * 70 + z * 15, y * 6 + z * 18);
          covered = clip((above + 0.05 * strand) / 0.09 + 0.15, 0, 1) * density;
          nx += 0.1 * strand * covered;
        }
        paintSkin(red, green, blue, lip, mouth, fold, strand, covered, look);
      } else if (material === EYE) paintEye(x, y, look.iris);
      else if (material === LASH) use(0.12 * red, 0.12 * green, 0.12 * blue, 0, 14, 1, 0);
      else if (material === TONGUE) paintTongue(z);
      else if (material === TEETH) {
        paintTeeth(z);
        open = Math.sqrt(open);
      } else {
        const own = u * colours[a3] + v * colours[b3] + w * colours[c3];
        const own1 = u * colours[a3 + 1] + v * colours[b3 + 1] + w * colours[c3 + 1];
        const own2 = u * colours[a3 + 2] + v * colours[b3 + 2] + w * colours[c3 + 2];
        if (material === HAIR) {
          // x runs across the lock, y along it
          const ya = rest[a3 + 1];
          const yb = rest[b3 + 1];
          const yc = rest[c3 + 1];
          let root = ya <= Math.min(yb, yc) ? a : b;
          let tip = ya >= Math.max(yb, yc) ? a : b;
          if (yc < rest[3 * root + 1]) root = c;
          if (yc > rest[3 * tip + 1]) tip = c;
          strands = crossing(places, root, tip, half);
          paintHair(own, own1, own2, noiseAt(noise, x * 110, y * 5), z, look);
        } else if (material === HAND) {
          const shine = 0.04 + 0.1 * look.oiliness;
          use(red * own, green * own1, blue * own2, shine, 14, 1, 0);
        } else if (material === FABRIC || material === CLOTH) {
          const weave = 1 + 0.05 * Math.sin(y * 95);
          use(weave * own, weave * own1, weave * own2, 0, 20, 1, 0);
        } else if (material === FRAME) {
          // one colour a corner: tortoiseshell has edges
          use(colours[a3], colours[a3 + 1], colours[a3 + 2], 0.25, 30, 1, 0);
        } else paintLens(own, own1, own2, y);
      }

      let length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
      if (material >= HAIR && nz < 0) length = -length; // sheets are seen from both sides
      nx /= length;
      ny /= length;
      nz /= length;
      const px = u * places[a3] + v * places[b3] + w * places[c3];
      const py = u * places[a3 + 1] + v * places[b3 + 1] + w * places[c3 + 1];
      const facing = nx * tx + ny * ty + nz * tz;
      const lit = Math.max(visibility(px, py, depth[at], facing, shadow), paint.glow);

      const key = lit * contrast * 1.5 * (0.45 + 0.55 * open);
      const fill = (0.55 + 0.3 * ny + 0.15 * nz) * (1 - 0.8 * contrast) * open;
      let around = fill;
      if (rim > 0) {
        const behind = Math.max(nx * back[0] + ny * back[1] + nz * back[2], 0);
        around += behind * rim * (1 - Math.max(nz, 0));
      }
      const soft = material === SKIN || material === HAND; // red light wraps most
      const arriving = key * wrapped(facing, soft ? 0.26 : 0.1) + around;
      const arriving1 = key * wrapped(facing, soft ? 0.16 : 0.1) + around;
      const arriving2 = key * wrapped(facing, soft ? 0.12 : 0.1) + around;
      const cosine = material === HAIR ? strands : nx * hx + ny * hy + nz * hz;
      const strength = paint.shine * lit * (0.3 + contrast);
      const highlight = cosine > 0 ? strength * power(cosine, paint.gloss) * open : 0;
      image[3 * at] = paint.red * arriving * paint.cavity + highlight;
      image[3 * at + 1] = paint.green * arriving1 * paint.cavity + highlight;
      image[3 * at + 2] = paint.blue * arriving2 * paint.cavity + highlight;
      if (material === SKIN && z > 1) {
        litSum += image[3 * at + 1];
        litCount += 1;
      }
    }
    return litSum / Math.max(litCount, 1);
  };
}
