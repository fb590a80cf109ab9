//! A model as the runtime has it: pictures in, numbers out. The only place that knows rten.

use super::ModelError;
use rten::{DataType, Dimension, Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueType, ValueView};
use std::{fs::File, io::Read, path::Path, sync::Arc, thread::available_parallelism};

/// The largest of the family has half of it.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
/// Of the input, pixels.
const SIDES: std::ops::RangeInclusive<usize> = 32..=2_048;
/// Where a model does not say how large its pictures are.
const USUAL_SIDE: usize = 640;

/// Loaded, with an input of a known size.
pub struct LoadedModel {
    model: Model,
    input: NodeId,
    output: NodeId,
    pub width: usize,
    pub height: usize,
    threads: Arc<ThreadPool>,
}

/// What came out.
#[derive(Debug)]
pub struct Output {
    pub shape: Vec<usize>,
    pub numbers: Vec<f32>,
}

impl LoadedModel {
    /// `side`: of the input, for a model that leaves it open.
    ///
    /// # Errors
    /// Every [`ModelError`] about the file, the input and the number of outputs.
    pub fn load(file: &Path, side: Option<usize>) -> Result<Self, ModelError> {
        let bytes = read(file)?;
        let unreadable = |detail: String| ModelError::Unreadable { file: file.display().to_string(), detail };
        let model = ModelOptions::with_all_ops().load(bytes).map_err(|error| unreadable(error.to_string()))?;
        let (&[input], &[output]) = (model.input_ids(), model.output_ids()) else {
            let found = format!("{} inputs and {} outputs", model.input_ids().len(), model.output_ids().len());
            return Err(if model.input_ids().len() == 1 {
                ModelError::Output { found }
            } else {
                ModelError::Input { found }
            });
        };
        let (width, height) = input_size(&model, input, side)?;
        // Streams are decoded at the same time.
        let threads = available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        Ok(Self { model, input, output, width, height, threads: Arc::new(ThreadPool::with_num_threads(threads)) })
    }

    /// What the exporter wrote about it, such as `names`.
    pub fn remark(&self, name: &str) -> Option<&str> {
        self.model.metadata().get(name)
    }

    /// Takes long: milliseconds to seconds.
    ///
    /// # Errors
    /// [`ModelError::Run`], [`ModelError::Output`] for what is not float.
    pub fn run(&self, input: &[f32]) -> Result<Output, ModelError> {
        let failed = |error: &dyn std::error::Error| ModelError::Run { detail: error.to_string() };
        let shape = [1, 3, self.height, self.width];
        let view = ValueView::from_shape(shape, input).map_err(|error| failed(&error))?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let outputs = self.model.run(vec![(self.input, view.into())], &[self.output], Some(options));
        let output = outputs.map_err(|error| failed(&error))?.pop();
        let output = output.ok_or_else(|| ModelError::Output { found: "nothing".to_owned() })?;
        // It fails for another number of dimensions, and for what is no float.
        let split = output.into_shape_vec::<f32, 3>();
        let (shape, numbers) = split.map_err(|_| ModelError::Output { found: declared(&self.model, self.output) })?;
        Ok(Output { shape: shape.to_vec(), numbers })
    }
}

fn read(file: &Path) -> Result<Vec<u8>, ModelError> {
    let name = || file.display().to_string();
    let failed = |because| ModelError::File { file: name(), because };
    let opened = File::open(file).map_err(failed)?;
    let size_bytes = opened.metadata().map_err(failed)?.len();
    let too_large = |size_bytes| ModelError::TooLarge { file: name(), size_bytes, most_bytes: MOST_BYTES };
    if size_bytes > MOST_BYTES {
        return Err(too_large(size_bytes));
    }
    let mut bytes = Vec::new();
    // A pipe has no size to ask for.
    let read = opened.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)? as u64;
    if read > MOST_BYTES { Err(too_large(read)) } else { Ok(bytes) }
}

fn input_size(model: &Model, input: NodeId, asked: Option<usize>) -> Result<(usize, usize), ModelError> {
    let info = model.node_info(input);
    let shape = info.as_ref().and_then(|info| info.shape()).unwrap_or_default();
    let dtype = info.and_then(|info| info.dtype());
    let told = || ModelError::Input { found: declared(model, input) };
    let [one, three, height, width] = shape.as_slice() else { return Err(told()) };
    let is_float = dtype.is_none_or(|dtype| matches!(dtype, ValueType::Tensor(DataType::Float)));
    if !is_float || number(one).is_some_and(|n| n != 1) || number(three).is_some_and(|n| n != 3) {
        return Err(told());
    }
    let (width, height) = match (number(width), number(height), asked) {
        (Some(width), Some(height), Some(asked)) if (width, height) != (asked, asked) => {
            return Err(ModelError::InputSize { width, height, asked });
        }
        (width, height, asked) => {
            let side = asked.unwrap_or(USUAL_SIDE);
            (width.unwrap_or(side), height.unwrap_or(side))
        }
    };
    if SIDES.contains(&width) && SIDES.contains(&height) { Ok((width, height)) } else { Err(told()) }
}

fn number(dimension: &Dimension) -> Option<usize> {
    match dimension {
        Dimension::Fixed(n) => Some(*n),
        Dimension::Symbolic(_) => None,
    }
}

/// What a model says of an input or output.
fn declared(model: &Model, node: NodeId) -> String {
    let info = model.node_info(node);
    let shape = info.as_ref().and_then(|info| info.shape()).unwrap_or_default();
    let sides: Vec<String> = shape.iter().map(|side| number(side).map_or("?".to_owned(), |n| n.to_string())).collect();
    let dtype = info.and_then(|info| info.dtype()).map_or("a value".to_owned(), |dtype| format!("{dtype:?}"));
    format!("{dtype} [{}]", sides.join(", "))
}
