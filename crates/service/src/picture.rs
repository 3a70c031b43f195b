//! Pictures that people send, written anew: cut to a square, scaled, without anything that was hidden in them.
//!
//! What a picture says of itself is looked at before anything is allocated for it, and one is decoded at a time, on a
//! thread that may block.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use image::imageops::{FilterType, crop_imm, resize, thumbnail};
use image::{DynamicImage, GenericImageView, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage};
use parlour_model::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// The side of a picture as it is kept, pixels.
const SIDE: u32 = 256;

/// The most pixels of a picture that is sent, and of one of its sides.
const MOST_PIXELS: u64 = 25_000_000;
const MOST_SIDE: u32 = 12_000;

/// The most bytes that a decoder may take: 25 megapixels of four channels of 16 bits, with room.
const MOST_MEMORY: u64 = 256 * 1024 * 1024;

/// A picture whose square is larger than this is first scaled down by averaging, which costs a fraction.
const LARGE: u32 = 1_024;

/// The formats that are read.
const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];

/// The most pictures that have arrived and wait to be worked on.
const MOST_WAITING: usize = 8;

/// The most bytes of all pictures that are arriving or wait.
const MOST_BYTES: usize = 128 * 1024 * 1024;

/// The most of one person's that are arriving or wait, so that nobody alone takes what there is for all. A second one may
/// come, since the first may hang on a line that is broken.
const MOST_BY_ONE: usize = 2;

/// Where pictures are worked on.
pub(crate) struct Darkroom {
    senders: Senders,
    bytes: Arc<Semaphore>,
    places: Arc<Semaphore>,
    table: Semaphore,
}

/// A picture that is arriving. It takes memory as its bytes come, so that whoever sends slowly keeps nobody else from
/// sending.
pub struct Arriving {
    sender: Sender,
    all: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
    fits: bool,
}

/// A place in the darkroom, with the memory of the picture that waits there. It is taken when the picture has arrived.
#[expect(dead_code, reason = "held for what their drop does")]
pub struct Place(OwnedSemaphorePermit, Option<OwnedSemaphorePermit>, Sender);

/// How many pictures of whom are on their way.
#[derive(Clone, Default)]
struct Senders(Arc<Mutex<HashMap<AccountId, usize>>>);

/// Somebody whose picture is on its way. The drop says that it has ended.
struct Sender {
    all: Senders,
    who: AccountId,
}

impl Senders {
    fn admit(&self, who: AccountId) -> Option<Sender> {
        let mut counts = self.lock();
        let count = counts.entry(who).or_default();
        if *count >= MOST_BY_ONE {
            return None;
        }
        *count += 1;
        Some(Sender { all: self.clone(), who })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut counts = self.all.lock();
        let Some(count) = counts.get_mut(&self.who) else { return };
        *count -= 1;
        if *count == 0 {
            counts.remove(&self.who);
        }
    }
}

impl Arriving {
    /// Whether so many more bytes may be kept. Once they may not, none may.
    pub fn takes(&mut self, bytes: usize) -> bool {
        let more = u32::try_from(bytes).ok().and_then(|more| self.all.clone().try_acquire_many_owned(more).ok());
        match (more, &mut self.taken) {
            (Some(more), Some(taken)) if self.fits => taken.merge(more),
            (Some(more), None) if self.fits => self.taken = Some(more),
            _ => {
                self.fits = false;
                self.taken = None;
            }
        }
        self.fits
    }
}

impl Darkroom {
    pub(crate) fn new() -> Self {
        Self {
            senders: Senders::default(),
            bytes: Arc::new(Semaphore::new(MOST_BYTES)),
            places: Arc::new(Semaphore::new(MOST_WAITING)),
            table: Semaphore::new(1),
        }
    }

    /// A picture of somebody that will arrive; `None` when enough of theirs are on their way.
    pub(crate) fn arriving(&self, who: AccountId) -> Option<Arriving> {
        let sender = self.senders.admit(who)?;
        Some(Arriving { sender, all: self.bytes.clone(), taken: None, fits: true })
    }

    /// A place for what has arrived, if it fitted and a place is left.
    pub(crate) fn place(&self, arrived: Arriving) -> Option<Place> {
        let place = self.places.clone().try_acquire_owned().ok().filter(|_| arrived.fits)?;
        Some(Place(place, arrived.taken, arrived.sender))
    }

    /// The picture as PNG, 256 by 256.
    ///
    /// # Errors
    /// [`Error::NotAnImage`], [`Error::TooLarge`].
    pub(crate) async fn develop(&self, sent: Vec<u8>, place: Place) -> Result<Vec<u8>> {
        let _table = self.table.acquire().await.map_err(Error::internal)?;
        let developed = tokio::task::spawn_blocking(move || {
            // Whoever sent it may be gone; its memory is in use for as long as this runs.
            let _place = place;
            develop(&sent)
        });
        // A decoder that panics has met no picture.
        developed.await.unwrap_or(Err(Error::NotAnImage))
    }
}

fn develop(sent: &[u8]) -> Result<Vec<u8>> {
    let format = image::guess_format(sent).ok().filter(|format| FORMATS.contains(format)).ok_or(Error::NotAnImage)?;
    let mut reader = ImageReader::with_format(Cursor::new(sent), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY {
        return Err(too_large());
    }
    if pixels == 0 {
        return Err(Error::NotAnImage);
    }
    // A picture whose metadata cannot be read is shown as it lies.
    let orientation = decoder.orientation().ok();
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    let mut square = DynamicImage::ImageRgba8(square(&picture));
    drop(picture);
    if let Some(orientation) = orientation {
        square.apply_orientation(orientation);
    }
    let mut png = Cursor::new(Vec::new());
    square.write_to(&mut png, ImageFormat::Png).map_err(Error::internal)?;
    Ok(png.into_inner())
}

/// The middle of a picture. It is the same however the picture is turned, so it can be turned when it is small.
fn square(picture: &DynamicImage) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    let middle = crop_imm(picture, (width - side) / 2, (height - side) / 2, side, side);
    if side > LARGE {
        let smaller = thumbnail(&*middle, 2 * SIDE, 2 * SIDE);
        return resize(&smaller, SIDE, SIDE, FilterType::CatmullRom);
    }
    resize(&*middle, SIDE, SIDE, FilterType::CatmullRom)
}

fn refusal(error: &ImageError) -> Error {
    if matches!(error, ImageError::Limits(_)) { too_large() } else { Error::NotAnImage }
}

fn too_large() -> Error {
    Error::TooLarge(usize::try_from(MOST_PIXELS).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use image::Rgba;

    use super::*;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("a picture");
        bytes.into_inner()
    }

    fn developed(sent: &[u8]) -> RgbaImage {
        let png = develop(sent).expect("a picture");
        assert_eq!(image::guess_format(&png).expect("a format"), ImageFormat::Png);
        image::load_from_memory(&png).expect("a picture").into_rgba8()
    }

    #[test]
    fn what_arrives_takes_memory_as_it_comes() {
        let darkroom = Darkroom::new();
        let arriving = |who| darkroom.arriving(AccountId(who)).expect("their first");
        let mut slow: Vec<_> = (0..100).map(arriving).collect();
        assert!(slow.iter_mut().all(|arriving| arriving.takes(1)));
        let mut large = arriving(100);
        assert!(large.takes(MOST_BYTES - 100), "what has not come yet takes nothing");
        assert!(!slow[0].takes(1) && !slow[0].takes(0), "and not even what would fit");
        drop(large);
        assert!(darkroom.place(slow.remove(0)).is_none());
        let places: Vec<_> = slow.into_iter().filter_map(|arrived| darkroom.place(arrived)).collect();
        assert_eq!(places.len(), MOST_WAITING);
        assert_eq!(darkroom.bytes.available_permits(), MOST_BYTES - MOST_WAITING);
    }

    #[test]
    fn nobody_alone_takes_what_there_is_for_all() {
        let (darkroom, ada) = (Darkroom::new(), AccountId(1));
        let first = darkroom.arriving(ada).expect("the first");
        let second = darkroom.arriving(ada).and_then(|arrived| darkroom.place(arrived)).expect("the second");
        assert!(darkroom.arriving(ada).is_none() && darkroom.arriving(AccountId(2)).is_some());
        drop(first);
        assert!(darkroom.arriving(ada).is_some());
        drop(second);
        assert!(darkroom.senders.lock().is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn the_middle_is_kept() {
        // Red, with blue at both ends.
        let mut wide = RgbaImage::from_pixel(90, 30, Rgba([255, 0, 0, 255]));
        for (x, _, pixel) in wide.enumerate_pixels_mut() {
            if !(30..60).contains(&x) {
                *pixel = Rgba([0, 0, 255, 255]);
            }
        }
        for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let square = developed(&encoded(&DynamicImage::ImageRgba8(wide.clone()), format));
            assert_eq!(square.dimensions(), (SIDE, SIDE));
            assert!(square.pixels().all(|pixel| pixel.0 == [255, 0, 0, 255]), "{format:?}");
        }
        assert_eq!(
            developed(&encoded(&DynamicImage::new_rgb8(3_000, 1_500), ImageFormat::Png)).dimensions(),
            (SIDE, SIDE)
        );
        assert_eq!(
            developed(&encoded(&DynamicImage::new_luma16(12_000, 1), ImageFormat::Png)).dimensions(),
            (SIDE, SIDE)
        );
    }

    #[test]
    fn what_is_too_large_or_none_is_refused() {
        let large = encoded(&DynamicImage::new_luma8(12_000, 4_200), ImageFormat::Png);
        assert!(matches!(develop(&large), Err(Error::TooLarge(_))));
        let wide = encoded(&DynamicImage::new_luma8(12_001, 1), ImageFormat::Png);
        assert!(matches!(develop(&wide), Err(Error::TooLarge(_))));
        let mut broken = encoded(&DynamicImage::new_luma8(100, 100), ImageFormat::Png);
        broken.truncate(60);
        for none in [&broken[..], b"", b"GIF89a", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", b"\xff\xd8\xff\xe0"] {
            assert!(matches!(develop(none), Err(Error::NotAnImage)), "{none:?}");
        }
    }
}
