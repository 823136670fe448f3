//! STUB
pub mod pool;
#[derive(Debug)]
pub struct Imported(String);
impl Imported {
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}
