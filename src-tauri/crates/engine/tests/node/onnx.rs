//! Models for tests, written as the bytes of an ONNX file: one that sees what is bright, in the forms of the YOLO family.
//!
//! Numbers of fields and types are those of `onnx.proto` (version 3 of Protocol Buffers).

/// Width and height of the pictures it takes, and of what it sees, and how far apart it looks; pixels.
pub const SIDE: usize = 160;
const PATCH: usize = 8;
const STEP: usize = 2;
const PATCHES: usize = (SIDE - PATCH) / STEP + 1;
const BOXES: usize = PATCHES * PATCHES;

/// Which form the output has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// `[1, 4 + classes, boxes]`.
    Columns,
    /// `[1, boxes, 5 + classes]`.
    Rows,
}

/// What is special about a model.
#[derive(Clone, Copy, Debug)]
pub struct BrightModel {
    pub form: Form,
    /// Scores as they come, without bounds.
    pub is_raw: bool,
    /// Of the input: `None` leaves height and width open.
    pub input: [Option<usize>; 4],
    /// Outputs besides the one that counts.
    pub more_outputs: bool,
    /// What it says its classes are called.
    pub names: Option<&'static str>,
}

impl Default for BrightModel {
    fn default() -> Self {
        let input = [Some(1), Some(3), Some(SIDE), Some(SIDE)];
        Self { form: Form::Columns, is_raw: false, input, more_outputs: false, names: None }
    }
}

impl BrightModel {
    /// Two classes: the first is what is bright, the second is never there.
    pub fn bytes(&self) -> Vec<u8> {
        let mut nodes = vec![
            node("ReduceMean", &["images"], "grey", &[ints("axes", &[1]), int("keepdims", 1)]),
            node(
                "AveragePool",
                &["grey"],
                "patches",
                &[ints("kernel_shape", &[PATCH as i64; 2]), ints("strides", &[STEP as i64; 2])],
            ),
            node("Reshape", &["patches", "row"], "bright", &[]),
            node("Sub", &["bright", "threshold"], "over", &[]),
            node("Mul", &["over", "gain"], "score", &[]),
        ];
        let score = if self.is_raw {
            "score"
        } else {
            nodes.push(node("Clip", &["score", "zero", "one"], "share", &[]));
            "share"
        };
        let parts: &[&str] = match self.form {
            Form::Columns => &["places", score, "never"],
            Form::Rows => &["places", "ever", score, "never"],
        };
        let output = if self.form == Form::Columns { "output" } else { "columns" };
        nodes.push(node("Concat", parts, output, &[int("axis", 1)]));
        if self.form == Form::Rows {
            nodes.push(node("Transpose", &["columns"], "output", &[ints("perm", &[0, 2, 1])]));
        }
        let never = if self.is_raw { -9.0 } else { 0.0 };
        let ever = if self.is_raw { 9.0 } else { 1.0 };
        let constants = [
            floats("threshold", &[1], &[if self.is_raw { 0.75 } else { 0.6 }]),
            floats("gain", &[1], &[if self.is_raw { 24.0 } else { 4.0 }]),
            floats("zero", &[], &[0.0]),
            floats("one", &[], &[1.0]),
            floats("places", &[1, 4, BOXES], &places()),
            floats("never", &[1, 1, BOXES], &[never; BOXES]),
            floats("ever", &[1, 1, BOXES], &[ever; BOXES]),
            longs("row", &[3], &[1, 1, BOXES as i64]),
        ];
        let graph: Vec<u8> = nodes
            .iter()
            .map(|node| field(1, node))
            .chain([field(2, b"bright")])
            .chain(constants.iter().map(|constant| field(5, constant)))
            .chain([field(11, &value("images", &self.input)), field(12, &value("output", &[None; 3]))])
            .chain(self.more_outputs.then(|| field(12, &value("patches", &[None; 4]))))
            .flatten()
            .collect();
        let opset = [field(1, b""), number(2, 13)].concat();
        let remark = self.names.map(|names| field(14, &[field(1, b"names"), field(2, names.as_bytes())].concat()));
        [number(1, 8), field(7, &graph), field(8, &opset), remark.unwrap_or_default()].concat()
    }
}

/// Middle, width and height of each patch: all first numbers, then all second ones.
fn places() -> Vec<f32> {
    let middle = |n: usize| (n * STEP) as f32 + PATCH as f32 / 2.0;
    let across = (0..BOXES).map(|n| middle(n % PATCHES));
    let down = (0..BOXES).map(|n| middle(n / PATCHES));
    across.chain(down).chain(std::iter::repeat_n(PATCH as f32, 2 * BOXES)).collect()
}

fn node(kind: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let inputs = inputs.iter().flat_map(|input| field(1, input.as_bytes()));
    let attributes = attributes.iter().flat_map(|attribute| field(5, attribute));
    inputs.chain(field(2, output.as_bytes())).chain(field(4, kind.as_bytes())).chain(attributes).collect()
}

fn int(name: &str, n: i64) -> Vec<u8> {
    [field(1, name.as_bytes()), number(3, n), number(20, 2)].concat()
}

fn ints(name: &str, all: &[i64]) -> Vec<u8> {
    let all: Vec<u8> = all.iter().flat_map(|n| number(8, *n)).collect();
    [field(1, name.as_bytes()), all, number(20, 7)].concat()
}

fn floats(name: &str, shape: &[usize], all: &[f32]) -> Vec<u8> {
    tensor(name, shape, 1, all.iter().flat_map(|n| n.to_le_bytes()).collect())
}

fn longs(name: &str, shape: &[usize], all: &[i64]) -> Vec<u8> {
    tensor(name, shape, 7, all.iter().flat_map(|n| n.to_le_bytes()).collect())
}

fn tensor(name: &str, shape: &[usize], kind: i64, raw: Vec<u8>) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|n| number(1, *n as i64)).collect();
    [shape, number(2, kind), field(8, name.as_bytes()), field(9, &raw)].concat()
}

/// An input or output of float.
fn value(name: &str, shape: &[Option<usize>]) -> Vec<u8> {
    let dimension = |n: &Option<usize>| match n {
        Some(n) => field(1, &number(1, *n as i64)),
        None => field(1, &field(2, b"any")),
    };
    let shape: Vec<u8> = shape.iter().flat_map(dimension).collect();
    let kind = field(1, &[number(1, 1), field(2, &shape)].concat());
    [field(1, name.as_bytes()), field(2, &kind)].concat()
}

/// A field with a length: text, bytes or a message.
fn field(n: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(n << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn number(n: u64, value: i64) -> Vec<u8> {
    [varint(n << 3), varint(value as u64)].concat()
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}
