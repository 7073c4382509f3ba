//! Things by number, where numbers only grow: a sorted list, which is a twentieth of the code of a tree.

/// Things by ascending numbers.
#[derive(Debug)]
pub struct Table<T>(Vec<(u32, T)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table(Vec::new())
    }
}

impl<T> Table<T> {
    fn find(&self, id: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(number, _)| *number)
    }

    pub fn insert(&mut self, id: u32, thing: T) {
        match self.find(id) {
            Ok(at) => self.0[at].1 = thing,
            Err(at) => self.0.insert(at, (id, thing)),
        }
    }

    pub fn get(&self, id: &u32) -> Option<&T> {
        self.find(*id).ok().map(|at| &self.0[at].1)
    }

    pub fn remove(&mut self, id: &u32) -> Option<T> {
        self.find(*id).ok().map(|at| self.0.remove(at).1)
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}
