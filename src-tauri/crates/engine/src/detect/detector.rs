//! A model with its labels, ready to look.

use super::{
    Detection, Labels, ModelError, head::Head, letterbox::Letterbox, model::LoadedModel, suppress::suppress,
    turns::Turns,
};
use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_media::pixels::Rgb;

/// Where a model is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFiles {
    pub model: PathBuf,
    /// One label a line. Without it those that the model names itself, and else numbers.
    pub labels: Option<PathBuf>,
    /// Width and height of its pictures, where the model leaves that open.
    pub input: Option<usize>,
}

/// Cheap to clone; all clones are one model.
#[derive(Clone)]
pub struct Detector {
    shared: Arc<Shared>,
}

struct Shared {
    model: LoadedModel,
    head: Head,
    labels: Labels,
    /// One picture at a time: the model uses several cores by itself.
    turns: Arc<Turns>,
    /// Of the first picture.
    took: Duration,
}

impl Detector {
    /// Reads the model and lets it look at a picture of nothing, so that whatever is wrong with it is known now. Takes
    /// long.
    ///
    /// # Errors
    /// [`ModelError`], which says what was expected.
    pub fn load(files: &ModelFiles) -> Result<Self, ModelError> {
        let model = LoadedModel::load(&files.model, files.input)?;
        let of_file = files.labels.as_deref().map(Labels::read).transpose()?;
        let labels = of_file.or_else(|| model.remark("names").and_then(Labels::of_model));
        let nothing = vec![0.0; 3 * model.width * model.height];
        let begun = Instant::now();
        let output = model.run(&nothing)?;
        let took = begun.elapsed();
        let unfit = || ModelError::Output { found: format!("{:?}", output.shape) };
        let head = Head::of(&output.shape, labels.as_ref().map(Labels::len)).ok_or_else(unfit)?;
        let labels = labels.unwrap_or_else(|| Labels::numbered(head.classes));
        if labels.len() != head.classes {
            return Err(ModelError::Labels { classes: head.classes, labels: labels.len() });
        }
        Ok(Self { shared: Arc::new(Shared { model, head, labels, turns: Arc::default(), took }) })
    }

    pub fn labels(&self) -> &Labels {
        &self.shared.labels
    }

    /// Width and height of the pictures it looks at.
    pub fn input(&self) -> (usize, usize) {
        (self.shared.model.width, self.shared.model.height)
    }

    /// How long it looked at the first picture.
    pub fn took(&self) -> Duration {
        self.shared.took
    }

    /// The size to which a picture of this size is to be scaled before it is looked at.
    pub fn scaled_size(&self, picture: (u32, u32)) -> (usize, usize) {
        let letterbox = Letterbox::new(picture, self.input());
        (letterbox.inner_width, letterbox.inner_height)
    }

    /// What is in a picture of this size, likeliest first; `scaled` is of [`Detector::scaled_size`]. Takes long:
    /// milliseconds to seconds.
    ///
    /// # Errors
    /// [`ModelError::Run`].
    pub fn look(&self, picture: (u32, u32), scaled: &Rgb) -> Result<Vec<Detection>, ModelError> {
        let Shared { model, head, labels, .. } = &*self.shared;
        let letterbox = Letterbox::new(picture, self.input());
        let output = model.run(&letterbox.input(scaled))?;
        Ok(suppress(&head.candidates(&output.numbers), &letterbox, labels))
    }

    pub(super) fn turns(&self) -> Arc<Turns> {
        Arc::clone(&self.shared.turns)
    }
}

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detector").field("head", &self.shared.head).finish_non_exhaustive()
    }
}
