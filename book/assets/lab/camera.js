// What a camera does with the light that arrives: from linear RGB to 8 bits. The words
// and numbers are those of emolib/synthesis/renderer.py.
{
  const lab = (globalThis.lab ??= {});

  // What a camera does with `light` (side, side, 3): exposure, averaging, blur, a film's
  // curve, 8 bits. The picture is `finer` times less wide than the light.
  lab.develop = (light, lit, scene, side, finer, colour) => {
    const size = side / finer;
    const gain = (0.2 * scene.exposure * (lit / 0.2) ** 0.4) / Math.max(lit, 1e-4);
    const channel = (red, green, blue) => {
      const weights = [red * gain, green * gain, blue * gain];
      const plane = average(light, side, finer, weights);
      return scene.blur > 0 ? blur(plane, size, scene.blur * size) : plane;
    };
    if (!colour) return Uint8Array.from(channel(0.2126, 0.7152, 0.0722), film);
    const image = new Uint8ClampedArray(4 * size * size).fill(255);
    const planes = [channel(1, 0, 0), channel(0, 1, 0), channel(0, 0, 1)];
    for (let at = 0; at < size * size; at++) {
      for (let k = 0; k < 3; k++) image[4 * at + k] = film(planes[k][at]);
    }
    return image;
  };

  // The weighted sum of the colours of (side, side, 3), averaged to a side `finer` times
  // shorter.
  const average = (light, side, finer, [red, green, blue]) => {
    const size = side / finer;
    const plane = new Float32Array(size * size);
    const share = 1 / finer ** 2;
    for (let row = 0, at = 0; row < side; row++) {
      const to = size * Math.trunc(row / finer);
      for (let column = 0; column < side; column++, at += 3) {
        const sum = red * light[at] + green * light[at + 1] + blue * light[at + 2];
        plane[to + Math.trunc(column / finer)] += sum * share;
      }
    }
    return plane;
  };

  // Gamma, then a little contrast with soft ends, 0 to 255. From a table, by the root of
  // the light, since powers would take as long as all the shading.
  const FILM = Uint8Array.from({ length: 65536 }, (_, k) => {
    const grey = (k / 65535) ** (2 / 2.2);
    return Math.round(255 * (0.35 * grey + 0.65 * grey * grey * (3 - 2 * grey)));
  });
  const film = (light) =>
    FILM[Math.sqrt(Math.min((1.5 * light) / (1 + 0.5 * light), 1)) * 65535 + 0.5 | 0];

  // Gaussian blur of (size, size) with a standard deviation in pixels.
  const blur = (plane, size, sigma) => {
    const reach = Math.trunc(3 * sigma + 0.5);
    if (reach === 0) return plane;
    const kernel = [];
    for (let k = -reach; k <= reach; k++) kernel.push(Math.exp(-0.5 * (k / sigma) ** 2));
    const total = kernel.reduce((sum, one) => sum + one);
    let from = plane;
    const line = new Float64Array(size + 2 * reach);
    for (const [pace, other] of [[size, 1], [1, size]]) {
      const to = new Float32Array(size * size);
      for (let start = 0; start < size * other; start += other) {
        for (let k = 0; k < line.length; k++) {
          const place = Math.min(Math.max(k - reach, 0), size - 1); // the edge goes on
          line[k] = from[start + place * pace];
        }
        for (let place = 0; place < size; place++) {
          let sum = 0;
          for (let k = 0; k < kernel.length; k++) sum += kernel[k] * line[place + k];
          to[start + place * pace] = sum / total;
        }
      }
      from = to;
    }
    return from;
  };
}
