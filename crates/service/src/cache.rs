//! A bounded cache in two generations, safe against a load that races with an end.
//!
//! Looking up takes a read lock. When the young generation is full it becomes the old one and the old one is
//! dropped: what is used stays, what is not goes, without a list to keep in order.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What is remembered of a value type by its key. Values are cheap to clone.
pub struct Cache<K, V, S = Mixing> {
    generations: RwLock<Generations<K, V, S>>,
    /// Most entries of one generation.
    most: usize,
}

struct Generations<K, V, S> {
    young: HashMap<K, V, S>,
    old: HashMap<K, V, S>,
    /// How often something was forgotten.
    forgotten: u64,
}

/// Most keys are chosen by no stranger: the house numbers what it remembers, or draws it. So a hash that only mixes
/// will do. Where strangers choose, as the names of rooms, the hash is the library's own.
pub type Mixing = foldhash::fast::RandomState;

/// The state of forgetting when a load began. What is loaded from the store may be remembered only if nothing
/// was forgotten since: otherwise an ended session, read just before its end, would live on in the cache.
#[derive(Clone, Copy, Debug)]
pub struct Stamp(u64);

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher + Default> Cache<K, V, S> {
    /// A cache of at most `most` entries in use, and as many that go next.
    pub fn new(most: usize) -> Self {
        let generations = Generations { young: HashMap::default(), old: HashMap::default(), forgotten: 0 };
        Self { generations: RwLock::new(generations), most }
    }

    /// What is remembered under `key`.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let generations = self.read();
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.old.get_key_value(key).map(|(key, value)| (key.clone(), value.clone()))?;
        let stamp = Stamp(generations.forgotten);
        drop(generations);
        self.remember(stamp, key, value.clone());
        Some(value)
    }

    /// Call before the load whose result is given to [`Cache::remember`].
    pub fn stamp(&self) -> Stamp {
        Stamp(self.read().forgotten)
    }

    /// Remembers a value, unless something was forgotten since `stamp`.
    pub fn remember(&self, stamp: Stamp, key: K, value: V) {
        let mut generations = self.write();
        if generations.forgotten != stamp.0 {
            return;
        }
        if generations.young.len() >= self.most {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(key, value);
    }

    /// Forgets one key, and makes every load under way be thrown away.
    pub fn forget(&self, key: &K) {
        let mut generations = self.write();
        generations.forgotten += 1;
        generations.young.remove(key);
        generations.old.remove(key);
    }

    /// Forgets what `gone` says is gone.
    pub fn forget_where(&self, gone: impl Fn(&V) -> bool) {
        let mut generations = self.write();
        generations.forgotten += 1;
        generations.young.retain(|_, value| !gone(value));
        generations.old.retain(|_, value| !gone(value));
    }

    fn read(&self) -> RwLockReadGuard<'_, Generations<K, V, S>> {
        self.generations.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Generations<K, V, S>> {
        self.generations.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_that_races_with_an_end_is_thrown_away() {
        let cache: Cache<i32, &str> = Cache::new(8);
        let stamp = cache.stamp();
        cache.forget(&1);
        cache.remember(stamp, 1, "loaded before the end");
        assert_eq!(cache.get(&1), None);
    }

    #[test]
    fn what_is_used_stays_and_the_size_is_bounded() {
        let cache: Cache<i32, i32> = Cache::new(4);
        for key in 0..100 {
            cache.remember(cache.stamp(), key, key);
            assert_eq!(cache.get(&0), Some(0));
        }
        let generations = cache.read();
        assert!(generations.young.len() <= 4 && generations.old.len() <= 4);
    }
}
