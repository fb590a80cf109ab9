//! What comes out of a model, as boxes. Pure.

use super::Labels;

/// Boxes that a model may give, before any is left out.
pub const MOST_BOXES: usize = 200_000;
/// What is less likely is no candidate; tasks ask for more.
pub const LEAST_SCORE: f32 = 0.2;
/// The likeliest so many are looked at further.
const MOST_CANDIDATES: usize = 1_000;
/// Rounding of a model's own sigmoid.
const ALMOST: f32 = 0.01;

/// A box around a middle, in the model's pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Middle, width and height.
    pub place: [f32; 4],
    pub class: usize,
    /// 0 to 1.
    pub score: f32,
}

/// How numbers lie in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub boxes: usize,
    pub classes: usize,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `[1, 4 + classes, boxes]`: all first numbers, then all second ones. As of YOLOv8.
    Columns,
    /// `[1, boxes, 5 + classes]`: the fifth says whether there is anything. As of YOLOv5.
    Rows,
}

impl Head {
    /// `labels` decides where the shape alone would not; `None` for what is neither form.
    pub fn of(shape: &[usize], labels: Option<usize>) -> Option<Self> {
        let &[1, first, second] = shape else { return None };
        let columns = Self { boxes: second, classes: first.saturating_sub(4), form: Form::Columns };
        let rows = Self { boxes: first, classes: second.saturating_sub(5), form: Form::Rows };
        let fits = |head: &Self| (1..=Labels::MOST).contains(&head.classes) && (1..=MOST_BOXES).contains(&head.boxes);
        // There are more boxes than numbers about one, and labels are surer than that.
        let (likely, other) = if first <= second { (columns, rows) } else { (rows, columns) };
        let by_labels = [likely, other].into_iter().find(|head| Some(head.classes) == labels && fits(head));
        by_labels.or(Some(likely).filter(fits))
    }

    /// The likeliest class of each box that is likely enough, likeliest first. Scores that a model left as they came
    /// (below 0 or over 1) are brought to 0 to 1.
    pub fn candidates(&self, output: &[f32]) -> Vec<Candidate> {
        if output.len() != self.boxes * self.numbers() {
            return Vec::new();
        }
        let scores = self.first_score()..self.numbers();
        let is_raw = (0..self.boxes)
            .flat_map(|of| scores.clone().map(move |n| (of, n)))
            .any(|(of, n)| !(-ALMOST..=1.0 + ALMOST).contains(&self.number(output, of, n)));
        let share = |n: f32| if is_raw { 1.0 / (1.0 + (-n).exp()) } else { n.clamp(0.0, 1.0) };
        let mut found: Vec<Candidate> = (0..self.boxes)
            .filter_map(|of| {
                let number = |n: usize| self.number(output, of, n);
                let is_anything = match self.form {
                    Form::Columns => 1.0,
                    Form::Rows => share(number(4)),
                };
                let classes = (0..self.classes).map(|class| (class, number(self.numbers() - self.classes + class)));
                let (class, best) = classes.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
                let candidate =
                    Candidate { place: std::array::from_fn(number), class, score: is_anything * share(best) };
                (candidate.score >= LEAST_SCORE && candidate.place.iter().all(|n| n.is_finite())).then_some(candidate)
            })
            .collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.truncate(MOST_CANDIDATES);
        found
    }

    /// About one box.
    const fn numbers(&self) -> usize {
        self.first_score()
            + self.classes
            + match self.form {
                Form::Columns => 0,
                Form::Rows => 1,
            }
    }

    const fn first_score(&self) -> usize {
        4
    }

    fn number(&self, output: &[f32], of: usize, n: usize) -> f32 {
        match self.form {
            Form::Columns => output[n * self.boxes + of],
            Form::Rows => output[of * self.numbers() + n],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_tell_which_form_it_is() {
        let check = |shape: &[usize], labels, expect: Option<(Form, usize, usize)>| {
            let found = Head::of(shape, labels).map(|head| (head.form, head.boxes, head.classes));
            assert_eq!(found, expect, "{shape:?} {labels:?}");
        };
        check(&[1, 84, 8_400], None, Some((Form::Columns, 8_400, 80)));
        check(&[1, 84, 8_400], Some(80), Some((Form::Columns, 8_400, 80)));
        check(&[1, 25_200, 85], None, Some((Form::Rows, 25_200, 80)));
        check(&[1, 5, 10], None, Some((Form::Columns, 10, 1)));
        // Fewer boxes than numbers: the labels know.
        check(&[1, 84, 20], Some(80), Some((Form::Columns, 20, 80)));
        check(&[1, 20, 85], Some(80), Some((Form::Rows, 20, 80)));
        // A wrong count of labels is told elsewhere.
        check(&[1, 84, 8_400], Some(3), Some((Form::Columns, 8_400, 80)));
        check(&[1, 4, 8_400], None, None);
        check(&[1, 25_200, 5], None, None);
        check(&[2, 84, 8_400], None, None);
        check(&[84, 8_400], None, None);
        check(&[1, 84, 10_000_000], None, None);
        check(&[1, 2_000, 8_400], None, None);
    }

    /// Boxes as rows of numbers, in the order of the form.
    fn output(head: Head, rows: &[&[f32]]) -> Vec<f32> {
        match head.form {
            Form::Rows => rows.concat(),
            Form::Columns => (0..rows[0].len()).flat_map(|n| rows.iter().map(move |row| row[n])).collect(),
        }
    }

    #[track_caller]
    fn check(form: Form, rows: &[&[f32]], expect: &[(usize, f32)]) {
        let extra = if form == Form::Rows { 5 } else { 4 };
        let head = Head { boxes: rows.len(), classes: rows[0].len() - extra, form };
        let found = head.candidates(&output(head, rows));
        let is_near = |(found, expect): (&Candidate, &(usize, f32))| {
            found.class == expect.0 && (found.score - expect.1).abs() < 1e-3 && found.place[2] == 10.0
        };
        assert!(found.len() == expect.len() && found.iter().zip(expect).all(is_near), "{found:?}, expected {expect:?}");
    }

    #[test]
    fn the_likeliest_class_of_each_box_is_told() {
        check(
            Form::Columns,
            &[&[5.0, 5.0, 10.0, 10.0, 0.1, 0.9], &[5.0, 5.0, 10.0, 10.0, 0.95, 0.2]],
            &[(0, 0.95), (1, 0.9)],
        );
        check(Form::Columns, &[&[5.0, 5.0, 10.0, 10.0, 0.1, 0.19]], &[]);
        check(Form::Rows, &[&[5.0, 5.0, 10.0, 10.0, 0.5, 0.1, 0.9]], &[(1, 0.45)]);
        check(Form::Rows, &[&[5.0, 5.0, 10.0, 10.0, 0.1, 0.1, 0.9]], &[]);
        check(Form::Columns, &[&[f32::NAN, 5.0, 10.0, 10.0, 0.9]], &[]);
    }

    #[test]
    fn raw_scores_are_brought_to_shares() {
        check(
            Form::Columns,
            &[&[5.0, 5.0, 10.0, 10.0, -6.0, 2.0], &[5.0, 5.0, 10.0, 10.0, -6.0, -6.0]],
            &[(1, 0.880_8)],
        );
        check(Form::Rows, &[&[5.0, 5.0, 10.0, 10.0, 4.0, -6.0, 2.0]], &[(1, 0.864_9)]);
        // What a model's sigmoid rounds to is none.
        check(Form::Columns, &[&[5.0, 5.0, 10.0, 10.0, -0.001, 1.001]], &[(1, 1.0)]);
    }

    #[test]
    fn they_are_bounded_and_what_does_not_fit_is_none() {
        let head = Head { boxes: 5_000, classes: 1, form: Form::Columns };
        let many = [vec![10.0; 20_000], vec![0.5; 5_000]].concat();
        assert_eq!(head.candidates(&many).len(), MOST_CANDIDATES);
        assert!(head.candidates(&many[1..]).is_empty());
    }
}
