// A round divides the block of examples that are new. Its pool is shuffled by the stream
// Random(seed) / "split" / round; the first go to training, the next to validation, the last to
// testing. Stratified, the same walk fills quotas by class.
#include "ordo/data/split.h"

#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/hash.h"
#include "ordo/base/random.h"
#include "ordo/data/apportion.h"

namespace ordo::data {
namespace {

constexpr int kVersion = 1;

// Rounded up, but not because 0.3 * 10 comes out above 3.
std::int64_t share(double fraction, std::size_t count) {
  return static_cast<std::int64_t>(std::ceil(fraction * static_cast<double>(count) - 1e-6));
}

void append(Indices& to, IndexSpan from) { to.insert(to.end(), from.begin(), from.end()); }

struct Parts {
  Indices train, validation, test;
};

std::string scheme_of(const SplitOptions& options, const Labelled& data) {
  if (options.scheme != "auto") return options.scheme;
  return data.own_training > 0 ? "source" : "random";
}

Parts divide(const Labelled& data, const Indices& shuffled, const SplitOptions& options) {
  const bool draws_test = scheme_of(options, data) != "source";
  const std::int64_t test = draws_test ? share(options.test, shuffled.size()) : 0;
  const std::int64_t validation = share(options.validation, shuffled.size());
  const std::int64_t train = static_cast<std::int64_t>(shuffled.size()) - test - validation;
  if (train < 1) {
    throw UsageError(
        fmt::format("of {} examples, {} for testing and {} for validation leave none "
                    "to train on",
                    shuffled.size(), test, validation));
  }
  // One class for all unless stratified.
  const auto class_of = [&](std::int64_t example) {
    return options.stratified
               ? static_cast<std::size_t>(data.labels[static_cast<std::size_t>(example)])
               : std::size_t{0};
  };
  std::vector<std::int64_t> rest(options.stratified ? data.classes.size() : 1);
  for (const std::int64_t example : shuffled) ++rest[class_of(example)];
  const auto take = [&](std::int64_t total) {
    std::vector<std::int64_t> quota = apportion(total, rest);
    for (std::size_t item = 0; item < rest.size(); ++item) rest[item] -= quota[item];
    return quota;
  };
  take(test);  // what training and validation leave over
  std::vector<std::int64_t> for_validation = take(validation);
  Parts parts;
  for (const std::int64_t example : shuffled) {
    const std::size_t which = class_of(example);
    if (rest[which] > 0) {
      parts.train.push_back(example);
      --rest[which];
    } else if (for_validation[which] > 0) {
      parts.validation.push_back(example);
      --for_validation[which];
    } else {
      parts.test.push_back(example);
    }
  }
  return parts;
}

std::string hash_of_indices(const Parts& parts) {
  Sha256 hash;
  for (const Indices* part : {&parts.train, &parts.validation, &parts.test}) {
    hash.update(fmt::format("{}\n", part->size()));
    for (const std::int64_t index : *part) hash.update(fmt::format("{} ", index));
  }
  return to_hex(hash.finish());
}

void require_division(const Labelled& data, const SplitOptions& options) {
  if (scheme_of(options, data) == "random" || data.own_training > 0) return;
  throw UsageError(fmt::format(
      "'{}' has no division into training and test set of its own, which the split '{}' needs",
      data.source, options.scheme));
}

// Adds the round of the examples `begin` to the last to the split.
void add_round(Split& split, const Labelled& data, std::int64_t begin) {
  const SplitOptions& options = split.options;
  const std::string scheme = scheme_of(options, data);
  const std::int64_t end = scheme == "random" ? data.size() : data.own_training;
  Indices pool(static_cast<std::size_t>(end - begin));
  std::iota(pool.begin(), pool.end(), begin);
  Random random = Random(options.seed).split("split").split(split.rounds.size());
  random.shuffle(std::span(pool));
  Parts parts = divide(data, pool, options);
  if (scheme == "source") {
    for (std::int64_t example = end; example < data.size(); ++example) {
      parts.test.push_back(example);
    }
  }
  append(split.train, parts.train);
  append(split.validation, parts.validation);
  append(split.test, parts.test);
  split.rounds.push_back({.begin = begin,
                          .end = data.size(),
                          .data = hash_of(data, begin, data.size()),
                          .split = hash_of_indices(parts)});
}

// Labelled as it was when it ended at `end`.
Labelled beginning(const Labelled& data, std::int64_t end) {
  Labelled part = data;
  Shape shape = data.examples.shape();
  const auto bytes_each =
      static_cast<std::size_t>(data.example_count()) * size_of(data.examples.dtype());
  shape[0] = end;
  part.examples = Array(data.examples.dtype(), shape,
                        data.examples.bytes().first(static_cast<std::size_t>(end) * bytes_each),
                        data.examples.owner());
  part.labels.resize(static_cast<std::size_t>(end));
  return part;
}

std::vector<SplitRound> rounds_of(const Json& record, const std::string& source) {
  std::vector<SplitRound> rounds;
  std::int64_t begin = 0;
  for (const Json& item : record.at("rounds", source).as_array(source + ": /rounds")) {
    const std::string where = fmt::format("{}: /rounds/{}", source, rounds.size());
    const SplitRound round{.begin = item.at("begin", where).as_int(where),
                           .end = item.at("end", where).as_int(where),
                           .data = item.at("data", where).as_string(where),
                           .split = item.at("split", where).as_string(where)};
    if (round.begin != begin || round.end <= begin) {
      throw InputError({.source = where},
                       fmt::format("expected a round that begins at {}, found {} to {}", begin,
                                   round.begin, round.end));
    }
    begin = round.end;
    rounds.push_back(round);
  }
  if (rounds.empty()) throw InputError({.source = source, .field = "/rounds"}, "has no round");
  return rounds;
}

[[noreturn]] void refuse(const std::string& source, const Labelled& data,
                         const std::string& reason) {
  throw InputError({.source = source},
                   fmt::format("this split was made for other data than '{}': {}. Testing on what "
                               "was trained on would follow; give the data it was made for, or "
                               "another file to record a new split in",
                               data.source, reason));
}

}  // namespace

void SplitOptions::describe(OptionSet& set) {
  set.add("split", scheme,
          "How examples are divided: at random, by the source's own test set (auto: where it has "
          "one), or within its training set.")
      .choices({"auto", "random", "source", "within-train"});
  set.add("test", test, "Fraction for testing, rounded up.").range(0, 1);
  set.add("validation", validation, "Fraction for validation, rounded up.").range(0, 1);
  set.add("stratified", stratified, "The same fractions of every class.");
  set.add("split-seed", seed, "Seed of the division.");
}

Split make_split(const Labelled& data, const SplitOptions& options) {
  require_division(data, options);
  Split split;
  split.options = options;
  add_round(split, data, 0);
  return split;
}

Json to_json(const Split& split) {
  SplitOptions options = split.options;
  Json::Array rounds;
  for (const SplitRound& round : split.rounds) {
    rounds.push_back(Json::object({{"begin", round.begin},
                                   {"end", round.end},
                                   {"data", round.data},
                                   {"split", round.split}}));
  }
  return Json::object({{"ordo_split", kVersion},
                       {"options", describe(options).to_json()},
                       {"train", split.train.size()},
                       {"validation", split.validation.size()},
                       {"test", split.test.size()},
                       {"rounds", std::move(rounds)}});
}

Split restore_split(const Json& record, const Labelled& data, const std::string& source) {
  const std::int64_t version = record.at("ordo_split", source).as_int(source + ": /ordo_split");
  if (version != kVersion) {
    throw InputError({.source = source, .field = "/ordo_split"},
                     fmt::format("version {} of splits; this program knows {}", version, kVersion));
  }
  Split split;
  describe(split.options)
      .apply(record.at("options", source).as_object(source + ": /options"),
             {.source = source, .field = "/options"});
  require_division(data, split.options);
  for (const SplitRound& round : rounds_of(record, source)) {
    if (round.end > data.size()) {
      refuse(source, data,
             fmt::format("it has {} examples, expected at least {}", data.size(), round.end));
    }
    if (scheme_of(split.options, data) != "random" && round.end != data.size()) {
      refuse(source, data, fmt::format("it has {} examples, expected {}", data.size(), round.end));
    }
    if (hash_of(data, round.begin, round.end) != round.data) {
      refuse(source, data, fmt::format("its examples {} to {} differ", round.begin, round.end - 1));
    }
    add_round(split, beginning(data, round.end), round.begin);
    if (split.rounds.back().split != round.split) {
      throw InputError(
          {.source = source},
          fmt::format("the examples {} to {} come out divided otherwise than recorded; "
                      "was the record edited?",
                      round.begin, round.end - 1));
    }
  }
  if (split.rounds.back().end < data.size()) add_round(split, data, split.rounds.back().end);
  return split;
}

Split fixed_split(const Labelled& data, const SplitOptions& options,
                  const std::filesystem::path& file) {
  std::size_t recorded = 0;
  Split split;
  if (std::filesystem::exists(file)) {
    const Json record = read_json(file.string());
    split = restore_split(record, data, file.string());
    recorded = record.at("rounds").size();
    SplitOptions before = split.options, asked = options;
    if (!(describe(before).to_json() == describe(asked).to_json())) {
      throw UsageError(fmt::format(
          "'{}' records a split made with {}, not {}; a split stays as it was first made",
          file.string(), describe(before).to_json().dump(), describe(asked).to_json().dump()));
    }
  } else {
    split = make_split(data, options);
  }
  if (split.rounds.size() != recorded) write_file_atomic(file, to_json(split).dump(2) + "\n");
  return split;
}

}  // namespace ordo::data
