// From a study to its cells. Variants are the blocks times the grid times the samples, less what is
// excluded, in the order of the file. Cells are variants times seeds, ordered by seed first: all
// variants of the first seed, then all of the second, so that a study that is looked at early, or
// stopped, has compared like with like.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ordo/trial/cell.h"
#include "ordo/trial/fingerprint.h"
#include "ordo/trial/spec.h"

namespace ordo::trial {

/// A setting of all parameters. Its name is its block's, then what varies: texts stand for
/// themselves and other values as "column=value", joined by ','; a sample is "sample=3". If two
/// variants would be called the same, all texts are written "column=value" too.
struct Variant {
  std::string name;
  std::string note;
  JsonObject parameters;  ///< of [fixed], the block, the grid and the sample; later ones win
  std::size_t block = 0;  ///< which [[variant]] block; 0 if there are none
};

/// Throws InputError for more than kMaxVariants.
std::vector<Variant> variants(const Spec& spec);

/// The command of a variant: its block's or the study's.
const CommandText& command_of(const Spec& spec, const Variant& variant);

/// What only the expansion shows: throws InputError for a placeholder that stands for nothing in
/// some variant, an [[exclude]] that excludes nothing, two variants of equal name, a claim or
/// measure that is malformed or names something unknown, and for more than kMaxCells cells.
void check(const Spec& spec);

/// Hex SHA-256 over the variant's name, its parameters and the seed. Not over the command: a cell
/// whose command changed is the same cell, and stale.
std::string cell_key(const Variant& variant, std::int64_t seed);

/// Part `index` of `count`, from 1. With at least `count` seeds, whole seeds are dealt out, so that
/// each part holds all variants of its seeds; with fewer, cells are dealt by their keys.
struct Shard {
  int index = 1;
  int count = 1;
};
/// Reads "i/n". Throws UsageError.
Shard parse_shard(const std::string& text);

struct ExpandOptions {
  std::vector<std::int64_t> seeds = {};  ///< usually the registered ones
  Shard shard = {};
  std::vector<std::string> only = {};  ///< names of variants; empty: all
  int threads = 1;                     ///< what {threads} stands for
  std::filesystem::path base = {};     ///< absolute; where a relative Spec::folder starts
  std::vector<std::filesystem::path> search_path = {};  ///< where programs are looked up
  std::map<std::string, std::string> environment = {};  ///< set for every cell, below `env`
};

/// The jobs that fill the cells, in order. Throws UsageError for an unknown name in `only`.
std::vector<Job> expand(const Spec& spec, const ExpandOptions& options);

}  // namespace ordo::trial
