//! What is wrong with a model, and what was expected of it.

/// Told when the engine starts; only [`ModelError::Run`] may come later.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{file} cannot be read")]
    File {
        file: String,
        #[source]
        because: std::io::Error,
    },
    #[error("{file} has {size_bytes} bytes; a model has at most {most_bytes}")]
    TooLarge { file: String, size_bytes: u64, most_bytes: u64 },
    #[error("{file} is no ONNX model that can be run here: {detail}")]
    Unreadable { file: String, detail: String },
    #[error("the model takes {found}; one picture is expected, float [1, 3, height, width], sides 32 to 2048")]
    Input { found: String },
    #[error("the model takes pictures of {width}x{height}, not of {asked}: leave --model-input out")]
    InputSize { width: usize, height: usize, asked: usize },
    #[error(
        "the model gives {found}; one output is expected: [1, 4 + classes, boxes] as of YOLOv8 and later, or \
         [1, boxes, 5 + classes] as of YOLOv5, exported without its own suppression of boxes (nms=False)"
    )]
    Output { found: String },
    #[error("the model tells {classes} classes apart, and there are {labels} labels")]
    Labels { classes: usize, labels: usize },
    #[error("{file} names no label on line {line}: 1 to 64 characters are expected, and at most {most} lines")]
    LabelLine { file: String, line: usize, most: usize },
    #[error("the model cannot be run: {detail}")]
    Run { detail: String },
}
