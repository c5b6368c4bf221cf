/** A linked GLSL program with its uniforms by name. A shader that does not compile is our fault, and is thrown. */

export interface Program {
  readonly handle: WebGLProgram;
  uniform(name: string): WebGLUniformLocation | null;
}

export function createProgram(gl: WebGL2RenderingContext, vertex: string, fragment: string, inputs: readonly string[]): Program {
  const handle = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getShaderInfoLog(shader) ?? "a shader does not compile");
    }
    gl.attachShader(handle, shader);
  }
  inputs.forEach((name, location) => gl.bindAttribLocation(handle, location, name));
  gl.linkProgram(handle);
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(gl.getProgramInfoLog(handle) ?? "a program does not link");
  }
  const held = new Map<string, WebGLUniformLocation | null>();
  return {
    handle,
    uniform(name) {
      if (!held.has(name)) held.set(name, gl.getUniformLocation(handle, name));
      return held.get(name)!;
    },
  };
}
