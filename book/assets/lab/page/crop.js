// The crop that the network was trained on, cut by hand: the pupils level, at the same
// place in every picture. The numbers are those of emolib.faces.CROP.
{
  const lab = (globalThis.lab ??= {});
  const [EYE_LINE, INTEROCULAR] = [0.37, 0.385]; // fractions of the picture's side
  const FINER = 4; // drawn so much finer, then averaged

  // Cut a square out of a picture (an image or a canvas): `eyes` are the two pupils,
  // [x, y] in its pixels, the one at the left of the picture first. Returns RGBA of
  // `size` pixels; what lies beyond the picture is black.
  lab.cropByEyes = (picture, [left, right], size) => {
    const side = size * FINER;
    const canvas = Object.assign(document.createElement("canvas"), {
      width: side,
      height: side,
    });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    const across = [right[0] - left[0], right[1] - left[1]];
    const scale = (INTEROCULAR * side) / Math.hypot(...across);
    pen.fillRect(0, 0, side, side);
    pen.imageSmoothingQuality = "high";
    pen.translate(side / 2, EYE_LINE * side);
    pen.rotate(-Math.atan2(across[1], across[0]));
    pen.scale(scale, scale);
    pen.translate(-(left[0] + right[0]) / 2, -(left[1] + right[1]) / 2);
    pen.drawImage(picture, 0, 0);
    return shrink(pen.getImageData(0, 0, side, side).data, size);
  };

  // The mean of FINER * FINER pixels for each.
  const shrink = (fine, size) => {
    const image = new Uint8ClampedArray(4 * size * size);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        for (let c = 0; c < 4; c++) {
          let sum = 0;
          for (let k = 0; k < FINER * FINER; k++) {
            const row = y * FINER + Math.floor(k / FINER);
            sum += fine[4 * (row * size * FINER + x * FINER + (k % FINER)) + c];
          }
          image[4 * (y * size + x) + c] = sum / FINER ** 2;
        }
      }
    }
    return image;
  };

  // Grey as photographs are made grey: the weights of ITU-R BT.601.
  lab.greyOf = (rgba) => {
    const grey = new Uint8Array(rgba.length / 4);
    for (let k = 0; k < grey.length; k++) {
      const [r, g, b] = [rgba[4 * k], rgba[4 * k + 1], rgba[4 * k + 2]];
      grey[k] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    }
    return grey;
  };
}
