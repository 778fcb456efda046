// build.mjs has .proto files bundled as their text.
declare module "*.proto" {
  const text: string;
  export default text;
}
