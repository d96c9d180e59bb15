// Points on the graphics card: the vertex shader interpolates between two layers and projects from up to 16
// dimensions to the screen, so that a frame of the tour sends two rows of 16 numbers, however many points.
import { make } from "../base/elements";
import type { Album } from "../points/album";
import { BACK, FULL, OUT } from "../points/cast";
import type { Entry } from "../points/geometry";
import type { Samples } from "./core";

const MOST_DIMENSIONS = 16; // four vectors of four, for each of the two layers
const NO_WEBGL = "The tour needs WebGL 2, which this browser does not offer: switch on hardware acceleration.";
const UNIFORMS = "across up travelled view half_size radius rim picture columns edge stride sheet".split(" ");
const PALETTE_SIDE = 256; // colours in a row of the palette's texture
const FORMS = ["circle", "diamond", "triangle", "square"];
const GROUND = [0x14, 0x18, 0x1d].map((v) => v / 255);

// What the card runs: marks in four forms, or pictures from a sheet, framed in the colours of the marks. Two programs
// of one text: without a card each test that a pixel does not make counts.
const VERTEX = `#version 300 es
layout(location = 0) in mat4 origin;
layout(location = 4) in mat4 target;
layout(location = 8) in uvec2 look; // the group, and the part it plays
uniform mat4 across, up;
uniform float travelled;
uniform vec3 view; // of the screen, whose sides reach from -1 to 1: scale and middle
uniform vec2 half_size; // of the screen, in its pixels
uniform float radius, rim;
uniform float picture; // its side in pixels
uniform int columns; // of pictures on the sheet
uniform sampler2D palette;
flat out vec4 paint;
flat out vec2 shape; // the form, and half the side of the sprite
#if PICTURES
flat out vec3 tile; // column and row on the sheet, and how much of the picture is seen
#endif
const float sizes[3] = float[](0.86, 1.0, 1.0);
const float shares[3] = float[](0.13, 0.36, 1.0);
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
#if PICTURES
  gl_PointSize = picture;
  tile = vec3(gl_VertexID % columns, gl_VertexID / columns, shares[look.y]);
  paint.rgb = look.y == 0u ? grey : entry.rgb;
#endif
}`;

const FRAGMENT = `#version 300 es
precision highp float;
flat in vec4 paint; // the colour; the radius, below 0 for points that are left out
flat in vec2 shape;
#if PICTURES
flat in vec3 tile;
uniform float picture, edge; // the frame's width
uniform vec3 stride; // from picture to picture on the sheet, across and down, and a pixel of one, as a part of it
uniform sampler2D sheet;
#endif
uniform float rim;
out vec4 color;
const vec3 ground = vec3(${GROUND.map((v) => v.toFixed(4))});
void main() {
#if PICTURES
  vec2 at = gl_PointCoord * picture;
  bool framed = any(lessThan(min(at, picture - at), vec2(edge)));
  vec2 inside = clamp((at - edge) / (picture - 2.0 * edge), 1.5 * stride.z, 1.0 - 1.5 * stride.z);
  vec3 seen = texture(sheet, (tile.xy + inside) * stride.xy).rgb;
  color = vec4(framed ? mix(ground, paint.rgb, min(1.0, tile.z + 0.16)) : mix(ground, seen, tile.z), 1.0);
#else
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
  color = vec4(paint.rgb * alpha + ground * edge * (1.0 - inside), alpha + edge * (1.0 - inside));
#endif
}`;

type Card = WebGL2RenderingContext;
type Look = Pick<Entry, "color" | "shape">;
type Sheet = Pick<Album, "bitmap" | "columns" | "side">;

function compileShader(gl: Card, kind: number, text: string) {
  const shader = gl.createShader(kind)!;
  gl.shaderSource(shader, text);
  gl.compileShader(shader);
  return shader;
}

function linkProgram(gl: Card, pictures: boolean) {
  const program = gl.createProgram();
  const write = (text: string) => text.replace("\n", `\n#define PICTURES ${Number(pictures)}\n`); // behind the version
  gl.attachShader(program, compileShader(gl, gl.VERTEX_SHADER, write(VERTEX)));
  gl.attachShader(program, compileShader(gl, gl.FRAGMENT_SHADER, write(FRAGMENT)));
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) || gl.isContextLost()) return program;
  const logs = (gl.getAttachedShaders(program) ?? []).map((each) => gl.getShaderInfoLog(each));
  throw new Error([gl.getProgramInfoLog(program), ...logs].join("\n"));
}

/** Rows of d numbers as rows of 16, the rest nil. */
function widen(X: Samples, d: number) {
  if (d > MOST_DIMENSIONS) throw new RangeError(`${d} dimensions are more than ${MOST_DIMENSIONS}`);
  const out = new Float32Array((X.length / d) * MOST_DIMENSIONS);
  X.forEach((x, k) => (out[Math.floor(k / d) * MOST_DIMENSIONS + (k % d)] = x));
  return out;
}

function shrink(bitmap: ImageBitmap, width: number, height: number) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

/** Where the cloud lies in a view: the place (a, b) of it at x + s a, y - s b, in pixels of the page. */
export interface View {
  s: number;
  x: number;
  y: number;
}

/** `frame` (d, 2) projects; `travelled` lies between 0 and 1; in pixels of the page, `picture` 0 for marks. */
interface Scene {
  frame: Samples;
  travelled: number;
  view: View;
  radius: number;
  picture?: number;
}

const BUFFERS = ["origin", "target", "look", "order"] as const;
type Buffers = { origin: Float32Array; target: Float32Array; look: Uint16Array; order: Uint32Array };

export class Renderer {
  private n = 0;
  private d = 0;
  private ratio = 1;
  private scene?: Scene;
  private frame = new Float32Array(2 * MOST_DIMENSIONS);
  private programs: { program: WebGLProgram; at: Record<string, WebGLUniformLocation | null> }[] = [];
  private buffers!: Record<keyof Buffers, WebGLBuffer>;
  private sent: Partial<Buffers> = {};
  private known?: WeakMap<Samples, Float32Array>; // widened
  private seen: Float32Array | null = null;
  private colors?: Look[];
  private album?: Sheet;
  private stride: [number, number, number] = [1, 1, 1];

  /** Null where there is no WebGL 2: one line in place of the canvas says so. */
  static open(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { antialias: false, depth: false, powerPreference: "high-performance" });
    if (gl) return new Renderer(canvas, gl);
    const line = make("p", "no-webgl", NO_WEBGL);
    line.setAttribute("role", "status");
    canvas.replaceWith(line);
    return null;
  }

  constructor(
    readonly canvas: HTMLCanvasElement,
    private gl: Card,
  ) {
    this.build();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => this.restore());
  }

  private build() {
    const { gl } = this;
    this.programs = [false, true].map((pictures) => {
      const program = linkProgram(gl, pictures);
      return { program, at: Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)])) };
    });
    const made = BUFFERS.map((name) => [name, gl.createBuffer()]);
    this.buffers = Object.fromEntries(made) as Record<keyof Buffers, WebGLBuffer>;
    gl.bindVertexArray(gl.createVertexArray());
    for (const [first, name] of [
      [0, "origin"],
      [4, "target"],
    ] as const) {
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
    for (const [unit, least, most] of [
      [1, "LINEAR_MIPMAP_LINEAR", "LINEAR"],
      [0, "NEAREST", "NEAREST"],
    ] as const) {
      gl.activeTexture(gl.TEXTURE0 + unit); // the sheet of pictures, then the palette, which stays the active one
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 1, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl[least]);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl[most]);
    }
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.clearColor(GROUND[0], GROUND[1], GROUND[2], 1);
  }

  /** The card may forget everything, for example while the computer sleeps. */
  private restore() {
    this.build();
    for (const name of BUFFERS) if (this.sent[name]) this.fill(name, this.sent[name]);
    if (this.colors) this.setPalette(this.colors);
    if (this.album) this.setPictures(this.album);
    if (this.scene) this.draw(this.scene);
  }

  private fill<Name extends keyof Buffers>(name: Name, array: Buffers[Name]) {
    const { gl } = this;
    this.sent[name] = array;
    const target = name === "order" ? gl.ELEMENT_ARRAY_BUFFER : gl.ARRAY_BUFFER;
    gl.bindBuffer(target, this.buffers[name]);
    gl.bufferData(target, array as Buffers[Name] & ArrayBufferView<ArrayBuffer>, gl.DYNAMIC_DRAW);
  }

  resize(width: number, height: number, ratio: number) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.gl.viewport(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Aligned samples (n, d) of the layer that is left and of the one that is travelled to; `to` may be `from`. */
  setLayers(from: Samples, to: Samples, d: number) {
    const kept = to === from ? null : this.known?.get(from); // mostly the layer that was travelled to before
    const origin = kept ?? widen(from, d);
    const target = to === from ? origin : widen(to, d);
    this.known = new WeakMap([
      [from, origin],
      [to, target],
    ]);
    this.n = from.length / d;
    this.d = d;
    this.fill("origin", origin);
    this.fill("target", target);
    if (this.sent.order?.length !== this.n) this.setLooks(new Uint16Array(this.n), null, null);
    this.seen = null;
  }

  // Groups (n) index the palette; parts (n) are those of a cast, all in full without them; `order` (n) goes from back to
  /** front, left out first without it. */
  setLooks(groups: ArrayLike<number>, parts: ArrayLike<number> | null, order: ArrayLike<number> | null) {
    const { n } = this;
    const look = new Uint16Array(2 * n);
    for (let i = 0; i < n; i++) {
      look[2 * i] = groups[i];
      look[2 * i + 1] = parts ? parts[i] : FULL;
    }
    const drawn = order ? Uint32Array.from(order) : new Uint32Array(n);
    let next = 0;
    for (const part of order ? [] : [OUT, BACK, FULL]) {
      for (let i = 0; i < n; i++) if (look[2 * i + 1] === part) drawn[next++] = i;
    }
    this.fill("look", look);
    this.fill("order", drawn);
  }

  /** [{ color: "#rrggbb", shape: one of FORMS }], at most 65,536. */
  setPalette(colors: Look[]) {
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

  /** A sheet of square pictures, one for each sample: { bitmap, columns, side }, shrunk where the card needs it. */
  setPictures(album: Sheet) {
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

  draw(scene: Scene) {
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
      gl.uniform1i(at.columns, this.album!.columns);
      gl.uniform3f(at.stride, ...this.stride);
      gl.uniform1f(at.picture, picture * ratio);
      gl.uniform1f(at.edge, Math.max(1, Math.round((picture * ratio) / 20)));
    }
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.drawElements(gl.POINTS, this.n, gl.UNSIGNED_INT, 0);
  }

  /** Where samples lie on the page, (n, 2): the same projection, made only when it is asked for. */
  get places() {
    if (this.seen) return this.seen;
    const { frame, travelled, view } = this.scene!;
    const { n, d } = this;
    const { origin, target } = this.sent as Buffers;
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
  /** hit. -1 if there is none. */
  pick(px: number, py: number, reach: number) {
    const { places } = this;
    const { order, look } = this.sent as Buffers;
    const half = (this.scene?.picture ?? 0) / 2;
    let [least, best] = [(reach + half) ** 2, -1];
    for (let next = this.n - 1; next >= 0; next--) {
      const i = order[next];
      if (look[2 * i + 1] === OUT) continue;
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
