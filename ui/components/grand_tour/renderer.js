// Points on the graphics card: the vertex shader interpolates between two layers and projects from up to 16
// dimensions to the screen, so that a frame of the tour sends two rows of 16 numbers, however many points.
const MOST_DIMENSIONS = 16; // four vectors of four, for each of the two layers
const PARTS = { out: 0, back: 1, full: 2 }; // left out, receding, in full colour
const NO_WEBGL = "The tour needs WebGL 2, which this browser does not offer: switch on hardware acceleration.";

// Rows of d numbers as rows of 16, the rest nil.
function widen(X, d) {
  if (d > MOST_DIMENSIONS) throw new RangeError(`${d} dimensions are more than ${MOST_DIMENSIONS}`);
  const out = new Float32Array((X.length / d) * MOST_DIMENSIONS);
  X.forEach((x, k) => (out[Math.floor(k / d) * MOST_DIMENSIONS + (k % d)] = x));
  return out;
}

function shrink(bitmap, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

class Renderer {
  // Null where there is no WebGL 2: one line in place of the canvas says so.
  static open(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false, powerPreference: "high-performance" });
    if (gl) return new Renderer(canvas, gl);
    const line = document.createElement("p");
    Object.assign(line, { className: "no-webgl", textContent: NO_WEBGL });
    line.setAttribute("role", "status");
    canvas.replaceWith(line);
    return null;
  }

  constructor(canvas, gl) {
    Object.assign(this, { canvas, gl, n: 0, width: 1, height: 1, ratio: 1, scene: null });
    this.frame = new Float32Array(2 * MOST_DIMENSIONS);
    this.build();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => this.restore());
  }

  build() {
    const { gl } = this;
    const names = "across up travelled view half_size radius rim picture columns edge stride sheet".split(" ");
    this.programs = [false, true].map((pictures) => {
      const program = linkProgram(gl, pictures);
      return { program, at: Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)])) };
    });
    this.buffers = {};
    for (const name of ["origin", "target", "look", "order"]) this.buffers[name] = gl.createBuffer();
    gl.bindVertexArray(gl.createVertexArray());
    for (const [first, name] of [[0, "origin"], [4, "target"]]) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      for (let k = 0; k < 4; k++) {
        gl.enableVertexAttribArray(first + k);
        gl.vertexAttribPointer(first + k, 4, gl.FLOAT, false, 4 * MOST_DIMENSIONS, 16 * k);
      }
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers.look);
    gl.enableVertexAttribArray(8);
    gl.vertexAttribIPointer(8, 2, gl.UNSIGNED_SHORT, 4, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers.order);
    for (const [unit, least, most] of [[1, "LINEAR_MIPMAP_LINEAR", "LINEAR"], [0, "NEAREST", "NEAREST"]]) {
      gl.activeTexture(gl.TEXTURE0 + unit); // the sheet of pictures, then the palette, which stays the active one
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl[least]);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl[most]);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.clearColor(...GROUND, 1);
  }

  // The card may forget everything, for example while the computer sleeps.
  restore() {
    this.build();
    for (const name of Object.keys(this.buffers)) if (this[name]) this.fill(name, this[name]);
    if (this.colors) this.setPalette(this.colors);
    if (this.album) this.setPictures(this.album);
    if (this.scene) this.draw(this.scene);
  }

  fill(name, array) {
    const { gl } = this;
    const target = name === "order" ? gl.ELEMENT_ARRAY_BUFFER : gl.ARRAY_BUFFER;
    gl.bindBuffer(target, this.buffers[name]);
    gl.bufferData(target, array, gl.DYNAMIC_DRAW);
  }

  resize(width, height, ratio) {
    Object.assign(this, { width, height, ratio });
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.gl.viewport(0, 0, this.canvas.width, this.canvas.height);
  }

  // Aligned samples (n, d) of the layer that is left and of the one that is travelled to; `to` may be `from`.
  setLayers(from, to, d) {
    const kept = to === from ? null : this.known?.get(from); // mostly the layer that was travelled to before
    this.origin = kept ?? widen(from, d);
    this.target = to === from ? this.origin : widen(to, d);
    this.known = new WeakMap([[from, this.origin], [to, this.target]]);
    this.n = from.length / d;
    this.d = d;
    this.fill("origin", this.origin);
    this.fill("target", this.target);
    if (this.order?.length !== this.n) this.setLooks(new Uint16Array(this.n), null, null);
    this.seen = null;
  }

  // Groups (n) index the palette; parts (n) are PARTS, all in full without them; `order` (n) goes from back to
  // front, left out first without it.
  setLooks(groups, parts, order) {
    this.look = new Uint16Array(2 * this.n);
    for (let i = 0; i < this.n; i++) {
      this.look[2 * i] = groups[i];
      this.look[2 * i + 1] = parts ? parts[i] : PARTS.full;
    }
    this.order = Uint32Array.from(order ?? this.look.subarray(0, this.n));
    let next = 0;
    for (const part of order ? [] : Object.values(PARTS)) {
      for (let i = 0; i < this.n; i++) if (this.look[2 * i + 1] === part) this.order[next++] = i;
    }
    this.fill("look", this.look);
    this.fill("order", this.order);
  }

  // [{ color: "#rrggbb", shape: one of FORMS }], at most 65,536.
  setPalette(colors) {
    const { gl } = this;
    const rows = Math.max(1, Math.ceil(colors.length / PALETTE_SIDE));
    const texels = new Uint8Array(4 * rows * PALETTE_SIDE);
    colors.forEach(({ color, shape }, k) => {
      const rgb = [1, 3, 5].map((from) => parseInt(color.slice(from, from + 2), 16));
      texels.set([...rgb, Math.max(0, FORMS.indexOf(shape))], 4 * k);
    });
    this.colors = colors;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, PALETTE_SIDE, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  }

  // A sheet of square pictures, one for each sample: { bitmap, columns, side }, shrunk where the card needs it.
  setPictures(album) {
    const { gl } = this;
    const { bitmap, columns } = album;
    const rows = Math.round(bitmap.height / album.side);
    const side = Math.min(album.side, Math.floor(gl.getParameter(gl.MAX_TEXTURE_SIZE) / Math.max(columns, rows)));
    gl.activeTexture(gl.TEXTURE1);
    const sheet = side < album.side ? shrink(bitmap, columns * side, rows * side) : bitmap;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, sheet);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.activeTexture(gl.TEXTURE0);
    this.album = album;
    this.stride = [1 / columns, 1 / rows, 1 / side];
  }

  // `frame` (d, 2) projects; `travelled` lies between 0 and 1; a sample seen at (a, b) lies at x + s a, y - s b
  // for the view { s, x, y }; that, the radius and the side of pictures, 0 for marks, are in pixels of the page.
  draw(scene) {
    const { gl, ratio, d } = this;
    const { frame, travelled, view, radius, picture = 0 } = scene;
    this.scene = { ...scene, frame: Float64Array.from(frame) };
    this.seen = null;
    if (gl.isContextLost()) return;
    const { program, at } = this.programs[Number(picture > 0)];
    gl.useProgram(program);
    this.frame.fill(0);
    for (let k = 0; k < 2 * d; k++) this.frame[(k & 1) * MOST_DIMENSIONS + (k >> 1)] = frame[k];
    gl.uniformMatrix4fv(at.across, false, this.frame, 0, MOST_DIMENSIONS);
    gl.uniformMatrix4fv(at.up, false, this.frame, MOST_DIMENSIONS, MOST_DIMENSIONS);
    gl.uniform1f(at.travelled, travelled);
    gl.uniform3f(at.view, view.s * ratio, view.x * ratio, view.y * ratio);
    gl.uniform2f(at.half_size, this.canvas.width / 2, this.canvas.height / 2);
    gl.uniform1f(at.radius, radius * ratio);
    gl.uniform1f(at.rim, 0.7 * ratio);
    if (picture > 0) {
      gl.uniform1i(at.sheet, 1);
      gl.uniform1i(at.columns, this.album.columns);
      gl.uniform3f(at.stride, ...this.stride);
      gl.uniform1f(at.picture, picture * ratio);
      gl.uniform1f(at.edge, Math.max(1, Math.round((picture * ratio) / 20)));
    }
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.drawElements(gl.POINTS, this.n, gl.UNSIGNED_INT, 0);
  }

  // Where samples lie on the page, (n, 2): the same projection, made only when it is asked for.
  get places() {
    if (this.seen) return this.seen;
    const { frame, travelled, view } = this.scene;
    const { origin, target, n, d } = this;
    this.seen = new Float32Array(2 * n);
    for (let i = 0; i < n; i++) {
      let [a, b] = [0, 0];
      for (let k = 0, from = i * MOST_DIMENSIONS; k < d; k++, from++) {
        const x = origin[from] + (target[from] - origin[from]) * travelled;
        a += x * frame[2 * k];
        b += x * frame[2 * k + 1];
      }
      this.seen[2 * i] = view.x + view.s * a;
      this.seen[2 * i + 1] = view.y - view.s * b;
    }
    return this.seen;
  }

  // The picture on top at a place, or the sample nearest to it within `reach` pixels; what is left out cannot be
  // hit. -1 if there is none.
  pick(px, py, reach) {
    const { places, order, look } = this;
    const half = (this.scene.picture ?? 0) / 2;
    let [least, best] = [(reach + half) ** 2, -1];
    for (let next = this.n - 1; next >= 0; next--) {
      const i = order[next];
      if (look[2 * i + 1] === PARTS.out) continue;
      const [dx, dy] = [places[2 * i] - px, places[2 * i + 1] - py];
      if (Math.abs(dx) < half && Math.abs(dy) < half) return i;
      const distance = dx ** 2 + dy ** 2;
      if (distance < least) [least, best] = [distance, i];
    }
    return best;
  }

  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
