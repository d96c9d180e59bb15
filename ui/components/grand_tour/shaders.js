// What the graphics card runs: marks in four forms, or pictures from a sheet, framed in the colours of the marks.
// Two programs of one text: without a card each test that a pixel does not make counts.
const PALETTE_SIDE = 256; // colours in a row of the palette's texture
const FORMS = ["circle", "diamond", "triangle", "square"];
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

function compileShader(gl, kind, text) {
  const shader = gl.createShader(kind);
  gl.shaderSource(shader, text);
  gl.compileShader(shader);
  return shader;
}

function linkProgram(gl, pictures) {
  const program = gl.createProgram();
  const write = (text) => text.replace("\n", `\n#define PICTURES ${Number(pictures)}\n`); // behind the version
  gl.attachShader(program, compileShader(gl, gl.VERTEX_SHADER, write(VERTEX)));
  gl.attachShader(program, compileShader(gl, gl.FRAGMENT_SHADER, write(FRAGMENT)));
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) || gl.isContextLost()) return program;
  const logs = gl.getAttachedShaders(program).map((each) => gl.getShaderInfoLog(each));
  throw new Error([gl.getProgramInfoLog(program), ...logs].join("\n"));
}
