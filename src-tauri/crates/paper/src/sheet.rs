//! Draws pages into a PDF.

use crate::{
    Document, PaperError,
    measure::pages,
    pages::{HEIGHT, INNER, Item, MARGIN, Shade, WIDTH},
    text::{FOOT, Printer},
};
use cairo::{Context, PdfMetadata, PdfSurface};

/// A document that can be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdf {
    pub bytes: Vec<u8>,
    pub pages: usize,
}

/// Writes the document as PDF, A4. Works on the calling thread.
///
/// # Errors
/// When cairo cannot draw, which only a lack of memory can cause.
pub fn write_pdf(document: &Document) -> Result<Pdf, PaperError> {
    let surface = PdfSurface::for_stream(WIDTH, HEIGHT, Vec::<u8>::new())?;
    surface.set_metadata(PdfMetadata::Title, &document.title.replace('\0', " "))?;
    let context = Context::new(&surface)?;
    let printer = Printer::new(&context, &document.language);
    let laid = pages(document, &printer).pages;
    let count = laid.len();
    for (index, items) in laid.iter().enumerate() {
        for item in items {
            draw(item, &printer)?;
        }
        foot(document, &printer, index + 1, count);
        context.show_page()?;
    }
    context.status()?;
    drop(laid);
    let bytes = surface.finish_output_stream().map_err(|stopped| PaperError::Drawing(stopped.error.into()))?;
    let bytes = bytes.downcast::<Vec<u8>>().map_err(|_| PaperError::Incomplete)?;
    Ok(Pdf { bytes: *bytes, pages: count })
}

fn draw(item: &Item, printer: &Printer<'_>) -> Result<(), PaperError> {
    let context = printer.context;
    match item {
        Item::Text { laid, x, y } => printer.show(laid, *x, *y),
        Item::Mark { mark, x, y } => mark.draw(context, *x, *y)?,
        Item::Rule { x, y, width, shade } => {
            let (grey, thickness) = match shade {
                Shade::Pale => (0.84, 0.5),
                Shade::Strong => (0.25, 1.0),
            };
            context.set_source_rgb(grey, grey, grey);
            context.set_line_width(thickness);
            context.move_to(*x, *y);
            context.line_to(x + width, *y);
            context.stroke()?;
        }
        Item::Ground { x, y, width, height } => {
            context.set_source_rgb(0.925, 0.938, 0.953);
            context.rectangle(*x, *y, *width, *height);
            context.fill()?;
        }
    }
    Ok(())
}

fn foot(document: &Document, printer: &Printer<'_>, page: usize, count: usize) {
    let y = HEIGHT - MARGIN - FOOT.points;
    let number = document.page_number.replace("{page}", &page.to_string()).replace("{pages}", &count.to_string());
    printer.show(&printer.lay(&document.footer, FOOT, INNER * 0.8), MARGIN, y);
    let number = printer.lay(&number, FOOT, INNER * 0.2).at_the_right();
    printer.show(&number, MARGIN + INNER * 0.8, y);
}
