// Points on the graphics card: the vertex shader interpolates between two layers and projects from up to 16
// dimensions to the screen, so that a frame of the tour sends two rows of 16 numbers, however many points.
const MOST_DIMENSIONS = 16; // four vectors of four, for each of the two layers
const PALETTE_SIDE = 256; // colours in a row of the palette's texture
const FORMS = ["circle", "diamond", "triangle", "square"];
const PARTS = { out: 0, back: 1, full: 2 }; // left out, receding, in full colour
const NO_WEBGL = "The tour needs WebGL 2, which this browser does not offer: switch on hardware acceleration.";
const GROUND = [0x14, 0x18, 0x1d].map((v) => v / 255);

const VERTEX = `#version 300 es
layout(location = 0) in mat4 origin;
layout(location = 4) in mat4 target;
layout(location = 8) in uvec2 look; // the group, and the part it plays
uniform mat4 across, up;
uniform float travelled;
uniform vec3 view; // of the screen, whose sides reach from -1 to 1: scale and middle
uniform vec2 half_size; // of the screen, in its pixels
uniform float radius, rim;
uniform sampler2D palette;
flat out vec4 paint;
flat out vec2 shape; // the form, and half the side of the sprite
const float sizes[3] = float[](0.86, 1.0, 1.0);
const vec3 grey = vec3(0.357, 0.4, 0.447);
void main() {
  mat4 at = origin;
  if (travelled > 0.0) at += (target - origin) * travelled;
  vec2 seen = vec2(
    dot(at[0], across[0]) + dot(at[1], across[1]) + dot(at[2], across[2]) + dot(at[3], across[3]),
    dot(at[0], up[0]) + dot(at[1], up[1]) + dot(at[2], up[2]) + dot(at[3], up[3])
  );
  gl_Position = vec4((view.yz + seen * view.x * vec2(1.0, -1.0)) / half_size - 1.0, 0.0, 1.0);
  gl_Position.y = -gl_Position.y;
  vec4 entry = texelFetch(palette, ivec2(look.x % ${PALETTE_SIDE}u, look.x / ${PALETTE_SIDE}u), 0);
  float r = radius * sizes[look.y];
  float form = round(entry.a * 255.0);
  float side = (form == 0.0 || form == 3.0 ? r : 1.2 * r) + rim + 0.5; // no larger: software pays by the pixel
  gl_PointSize = 2.0 * side;
  shape = vec2(form, side);
  vec3 ground = vec3(${GROUND.map((v) => v.toFixed(4))});
  paint = vec4(look.y == 2u ? entry.rgb : mix(ground, entry.rgb, 0.32), r);
  if (look.y == 0u) paint = vec4(grey, -r);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 paint; // the colour; the radius, below 0 for points that are left out
flat in vec2 shape;
uniform float rim;
out vec4 color;
void main() {
  vec2 p = (gl_PointCoord * 2.0 - 1.0) * shape.y;
  vec2 q = abs(p);
  float r = abs(paint.a);
  float away = shape.x < 0.5 ? length(p) - r
    : shape.x < 1.5 ? (q.x + q.y - 1.2 * r) * 0.7071
    : shape.x < 2.5 ? max(p.y - 0.85 * r, (2.05 * q.x - 1.15 * (p.y + 1.2 * r)) / 2.3505)
    : max(q.x, q.y) - 0.92 * r;
  float inside = clamp(0.5 - away, 0.0, 1.0);
  float edge = paint.a > 0.0 ? 0.7 * clamp(0.5 + rim - away, 0.0, 1.0) : 0.0;
  float alpha = inside * (paint.a > 0.0 ? 1.0 : 0.32);
  vec3 ground = vec3(${GROUND.map((v) => v.toFixed(4))});
  color = vec4(paint.rgb * alpha + ground * edge * (1.0 - inside), alpha + edge * (1.0 - inside));
}`;

function compileShader(gl, kind, text) {
  const shader = gl.createShader(kind);
  gl.shaderSource(shader, text);
  gl.compileShader(shader);
  return shader;
}

function linkProgram(gl) {
  const program = gl.createProgram();
  gl.attachShader(program, compileShader(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compileShader(gl, gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) || gl.isContextLost()) return program;
  const logs = gl.getAttachedShaders(program).map((each) => gl.getShaderInfoLog(each));
  throw new Error([gl.getProgramInfoLog(program), ...logs].join("\n"));
}

// Rows of d numbers as rows of 16, the rest nil.
function widen(X, d) {
  if (d > MOST_DIMENSIONS) throw new RangeError(`${d} dimensions are more than ${MOST_DIMENSIONS}`);
  const out = new Float32Array((X.length / d) * MOST_DIMENSIONS);
  X.forEach((x, k) => (out[Math.floor(k / d) * MOST_DIMENSIONS + (k % d)] = x));
  return out;
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
    const program = linkProgram(gl);
    gl.useProgram(program);
    const names = ["across", "up", "travelled", "view", "half_size", "radius", "rim", "palette"];
    this.at = Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)]));
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
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const key of ["MIN", "MAG"]) gl.texParameteri(gl.TEXTURE_2D, gl[`TEXTURE_${key}_FILTER`], gl.NEAREST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.clearColor(...GROUND, 1);
  }

  // The card may forget everything, for example while the computer sleeps.
  restore() {
    this.build();
    for (const name of Object.keys(this.buffers)) if (this[name]) this.fill(name, this[name]);
    if (this.colors) this.setPalette(this.colors);
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

  // `frame` (d, 2) projects; `travelled` lies between 0 and 1; a sample seen at (a, b) lies at x + s a, y - s b
  // for the view { s, x, y }; that and the radius are in pixels of the page.
  draw(scene) {
    const { gl, at, ratio, d } = this;
    const { frame, travelled, view, radius } = scene;
    this.scene = { ...scene, frame: Float64Array.from(frame) };
    this.seen = null;
    if (gl.isContextLost()) return;
    this.frame.fill(0);
    for (let k = 0; k < 2 * d; k++) this.frame[(k & 1) * MOST_DIMENSIONS + (k >> 1)] = frame[k];
    gl.uniformMatrix4fv(at.across, false, this.frame, 0, MOST_DIMENSIONS);
    gl.uniformMatrix4fv(at.up, false, this.frame, MOST_DIMENSIONS, MOST_DIMENSIONS);
    gl.uniform1f(at.travelled, travelled);
    gl.uniform3f(at.view, view.s * ratio, view.x * ratio, view.y * ratio);
    gl.uniform2f(at.half_size, this.canvas.width / 2, this.canvas.height / 2);
    gl.uniform1f(at.radius, radius * ratio);
    gl.uniform1f(at.rim, 0.7 * ratio);
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

  // The sample nearest to a place, within `reach` pixels; what is left out cannot be hit. -1 if there is none.
  pick(px, py, reach) {
    const { places, order, look } = this;
    let [least, best] = [reach ** 2, -1];
    for (let next = this.n - 1; next >= 0; next--) {
      const i = order[next];
      const distance = (places[2 * i] - px) ** 2 + (places[2 * i + 1] - py) ** 2;
      if (distance < least && look[2 * i + 1] !== PARTS.out) [least, best] = [distance, i];
    }
    return best;
  }

  close() {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}
