// What is painted on: the colour of the skin, the folds that an expression presses into
// it, the hairline, and what is behind the person. The words and numbers are those of
// emolib/synthesis/drawing/paint.py and scene.py.
{
  const lab = (globalThis.lab ??= {});
  // All maps of the skin share one frontal projection of the average head at rest.
  const MAP = { left: -0.96, top: 8.4, texels: 100, rows: 240, columns: 192 };
  const PANEL = 0.06; // linear grey of the plain background
  const clip = (x, low, high) => Math.min(Math.max(x, low), high);
  lab.skinMap = MAP;

  const LIGHT = [0.78, 0.52, 0.4]; // linear RGB of the lightest skin
  const DARK = [0.1, 0.052, 0.034]; // and of the darkest

  // Linear RGB (240, 192, 3) of a person's skin, from its pigments (240, 192) and its
  // tone, 0 (light) to 1 (dark).
  lab.paintSkin = ({ melanin, spots, blood, cover }, tone, brow) => {
    const skin = LIGHT.map((light, k) => light ** (1 - tone) * DARK[k] ** tone);
    const albedo = new Float32Array(3 * melanin.length);
    for (let k = 0; k < melanin.length; k++) {
      const m = melanin[k] + spots[k] * (1 - tone);
      const b = blood[k];
      const share = cover[k];
      const red = skin[0] * Math.exp(0.15 * b - 0.8 * m);
      const green = skin[1] * Math.exp(-0.9 * b - m);
      const blue = skin[2] * Math.exp(-0.7 * b - 1.1 * m);
      albedo[3 * k] = red * (1 - share) + brow[0] * share;
      albedo[3 * k + 1] = green * (1 - share) + brow[1] * share;
      albedo[3 * k + 2] = blue * (1 - share) + brow[2] * share;
    }
    return albedo;
  };

  // The grooves of the folds, two of each, the person's left and right: {fold, side,
  // first, end, depth}, `depth` (rows from first to end, 192) 0 to 1.
  lab.foldGrooves = (folds) =>
    Object.values(folds).flatMap((fold) => {
      const groove = new Float32Array(MAP.rows * MAP.columns);
      for (const line of fold.lines) drawGroove(groove, line, fold.width);
      const used = (row) =>
        groove
          .subarray(row * MAP.columns, (row + 1) * MAP.columns)
          .some((depth) => depth > 1e-4);
      let [first, end] = [0, MAP.rows];
      while (!used(first)) first += 1;
      while (!used(end - 1)) end -= 1;
      const left = groove.slice(first * MAP.columns, end * MAP.columns);
      const right = left.map((_, k) => {
        const column = k % MAP.columns;
        return left[k - column + MAP.columns - 1 - column];
      });
      return [
        { fold, side: "Left", first, end, depth: left },
        { fold, side: "Right", first, end, depth: right },
      ];
    });

  // A line is as deep as it is near, and flatter towards its ends.
  const drawGroove = (groove, line, width) => {
    for (let row = 0; row < MAP.rows; row++) {
      const y = MAP.top - (row + 0.5) / MAP.texels;
      for (let column = 0; column < MAP.columns; column++) {
        const x = MAP.left + (column + 0.5) / MAP.texels;
        let [nearest, along] = [Infinity, 0];
        for (let k = 0; k + 1 < line.length; k++) {
          const [[x0, y0], [x1, y1]] = [line[k], line[k + 1]];
          const [dx, dy] = [x1 - x0, y1 - y0];
          const dot = (x - x0) * dx + (y - y0) * dy;
          const t = clip(dot / (dx * dx + dy * dy), 0, 1);
          const gap = Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
          if (gap < nearest) {
            nearest = gap;
            along = (k + t) / (line.length - 1);
          }
        }
        const taper = Math.sin(Math.PI * (0.15 + 0.7 * along));
        const depth = taper * Math.exp(-((nearest / width) ** 2));
        const at = row * MAP.columns + column;
        groove[at] = Math.max(groove[at], depth);
      }
    }
  };

  // How the skin is folded, (240, 192, 3): its depth below the surface, and the change
  // of depth to the right and upwards. Older skin folds at rest, and more.
  lab.foldRelief = (grooves, weights, age) => {
    const wear = clip((age - 25) / 45, 0, 1);
    const relief = new Float32Array(3 * MAP.rows * MAP.columns);
    for (const { fold, side, first, end, depth } of grooves) {
      let deep = fold.age * wear;
      for (const [unit, gain] of Object.entries(fold.units)) {
        const weight = weights[unit + side] ?? weights[unit] ?? 0;
        deep += gain * weight * (0.75 + 0.5 * wear);
      }
      deep = Math.min(deep, 1.5);
      if (deep <= 0.01) continue;
      const from = first * MAP.columns;
      const to = end * MAP.columns;
      for (let k = from; k < to; k++) relief[3 * k] += deep * depth[k - from];
    }
    const down = 3 * MAP.columns;
    for (let row = 1; row < MAP.rows - 1; row++) {
      for (let column = 1; column < MAP.columns - 1; column++) {
        const at = 3 * (row * MAP.columns + column);
        relief[at + 1] = relief[at + 3] - relief[at - 3];
        relief[at + 2] = relief[at - down] - relief[at + down];
      }
    }
    return relief;
  };

  // How high a place of the average head is above a hairline, decimetres; below 0 no
  // hair grows. `growth` is middle, temples, crown, sideburns, density.
  lab.aboveHairline = (x, y, z, growth) => {
    const [middle, temples, crown, sideburns] = growth;
    const side = Math.abs(x);
    let line = 6.55;
    if (z > 1.15) {
      // forehead and temples
      const corner = Math.max(1 - ((side - 0.42) / 0.2) ** 2, 0);
      line = 7.93 + middle - 0.45 * Math.max(side - 0.28, 0) + temples * corner;
    } else if (z > 0.95) line = 7.62 + (z - 0.95) * 0.75 + 0.5 * middle;
    else if (z > 0.68) {
      line = 7.05 + sideburns + ((z - 0.68) * (0.57 - sideburns)) / 0.27;
    } else if (z > 0.55) line = 7.38 + ((z - 0.55) * (sideburns - 0.33)) / 0.13;
    else if (z > 0.3) line = 7.38; // around the ear
    else if (z > 0.1) line = 6.55 + (z - 0.1) * 4.15;
    return Math.min(y - line, crown - y + 0.12 * (0.5 - z));
  };

  const rises = (x) => 1 / (1 + Math.exp(-clip(x, -30, 30)));

  // Linear RGB (size, size, 3) of a place, out of focus; without one, a plain panel.
  lab.paintBackground = (place, size) => {
    const image = new Float32Array(3 * size * size).fill(PANEL);
    if (!place) return image;
    const { base, angle, slope, horizon, leaves, boxes } = place;
    for (let row = 0; row < size; row++) {
      const v = row / (size - 1);
      for (let column = 0; column < size; column++) {
        const u = column / (size - 1);
        const along = (u - 0.5) * Math.cos(angle) + (v - 0.5) * Math.sin(angle);
        let light = 1 + slope * along;
        if (horizon) {
          const sky = rises((horizon[0] - v) / horizon[1]);
          const leaf = 48 * Math.trunc(47 * v) + Math.trunc(47 * u);
          light *= 0.6 + horizon[2] * sky;
          light *= Math.exp(leaves[leaf] * (1 - sky));
        }
        for (const [left, top, width, height, soft, gain] of boxes) {
          const across = rises((u - left) / soft) * rises((left + width - u) / soft);
          const down = rises((v - top) / soft) * rises((top + height - v) / soft);
          light *= 1 + gain * across * down;
        }
        const at = 3 * (row * size + column);
        for (let k = 0; k < 3; k++) image[at + k] = clip(light * base[k], 0, 1);
      }
    }
    return image;
  };
}
