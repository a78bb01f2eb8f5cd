#include "ordo/trial/expand.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/random.h"
#include "ordo/claims/claim.h"
#include "ordo/claims/measure.h"
#include "ordo/store/store.h"
#include "ordo/trial/placeholder.h"

namespace ordo::trial {
namespace {

enum class Naming { values, columns_too };

std::string part_of_name(const std::string& column, const Json& value, Naming naming) {
  if (naming == Naming::values && value.is_string()) return value.as_string();
  return column + "=" + as_word(value);
}

void add_part(std::string& name, const std::string& part) {
  if (!name.empty()) name += ',';
  name += part;
}

// Every variant with each of `axis`'s rows.
std::vector<Variant> times(const std::vector<Variant>& given, const Axis& axis, Naming naming) {
  std::vector<Variant> product;
  product.reserve(given.size() * axis.rows.size());
  for (const Variant& one : given) {
    for (const std::vector<Json>& row : axis.rows) {
      Variant& next = product.emplace_back(one);
      for (std::size_t column = 0; column < row.size(); ++column) {
        next.parameters[axis.columns[column]] = row[column];
        add_part(next.name, part_of_name(axis.columns[column], row[column], naming));
      }
    }
  }
  return product;
}

Json draw(const Distribution& distribution, Random random) {
  using Kind = Distribution::Kind;
  const double low = distribution.low, high = distribution.high;
  switch (distribution.kind) {
    case Kind::uniform:
      return low + (high - low) * random.uniform();
    case Kind::loguniform:
      return low * std::exp(std::log(high / low) * random.uniform());
    case Kind::integer: {
      const auto count = static_cast<std::uint64_t>(high - low) + 1;
      return static_cast<std::int64_t>(low) + static_cast<std::int64_t>(random.below(count));
    }
    case Kind::choice:
      break;
  }
  return distribution.choices[random.below(distribution.choices.size())];
}

// The samples as an axis of one nameless step: parameters of sample i.
std::vector<JsonObject> samples(const Search& search) {
  std::vector<JsonObject> all(static_cast<std::size_t>(search.samples));
  for (const Distribution& distribution : search.distributions) {
    const Random stream = Random(search.seed).split(distribution.column);
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i][distribution.column] = draw(distribution, stream.split(i));
    }
  }
  return all;
}

std::vector<Variant> times(const std::vector<Variant>& given, const Search& search) {
  const std::vector<JsonObject> settings = samples(search);
  std::vector<Variant> product;
  for (const Variant& one : given) {
    for (std::size_t i = 0; i < settings.size(); ++i) {
      Variant& next = product.emplace_back(one);
      for (const JsonMember& member : settings[i]) next.parameters[member.key] = member.value;
      add_part(next.name, fmt::format("sample={}", i + 1));
    }
  }
  return product;
}

void check_count(const Spec& spec) {
  double count = static_cast<double>(std::max<std::size_t>(spec.blocks.size(), 1));
  for (const Axis& axis : spec.axes) count *= static_cast<double>(axis.rows.size());
  if (spec.search.samples > 0) count *= spec.search.samples;
  if (count > static_cast<double>(kMaxVariants)) {
    throw InputError(
        {.source = spec.source},
        fmt::format("the study has {} variants; at most {} are possible", count, kMaxVariants));
  }
  if (count * static_cast<double>(spec.seeds.size()) > static_cast<double>(kMaxCells)) {
    throw InputError({.source = spec.source},
                     fmt::format("the study has {} cells; at most {} are possible",
                                 count * static_cast<double>(spec.seeds.size()), kMaxCells));
  }
}

std::vector<Variant> combine(const Spec& spec, Naming naming) {
  std::vector<Variant> all;
  for (std::size_t i = 0; i < std::max<std::size_t>(spec.blocks.size(), 1); ++i) {
    Variant& one = all.emplace_back();
    one.parameters = spec.fixed;
    one.block = i;
    if (spec.blocks.empty()) continue;
    one.name = spec.blocks[i].name;
    one.note = spec.blocks[i].note;
    for (const JsonMember& member : spec.blocks[i].parameters) {
      one.parameters[member.key] = member.value;
    }
  }
  for (const Axis& axis : spec.axes) all = times(all, axis, naming);
  if (spec.search.samples > 0) all = times(all, spec.search);
  if (all.size() == 1 && all[0].name.empty()) all[0].name = "only";
  return all;
}

bool has_doubles(const std::vector<Variant>& all) {
  std::set<std::string_view> names;
  return std::any_of(all.begin(), all.end(),
                     [&](const Variant& one) { return !names.insert(one.name).second; });
}

bool matches(const Exclusion& exclusion, const Spec& spec, const Variant& variant) {
  return std::all_of(exclusion.columns.begin(), exclusion.columns.end(), [&](const auto& column) {
    const auto& [name, values] = column;
    Json block = spec.blocks.empty() ? Json() : Json(spec.blocks[variant.block].name);
    const Json* value = name == "variant" ? &block : variant.parameters.find(name);
    return value != nullptr && std::count(values.begin(), values.end(), *value) > 0;
  });
}

// Parameters and built-in names of one cell, for its placeholders.
JsonObject placeholder_values(const Spec& spec, const Variant& variant, std::int64_t seed,
                              int threads) {
  JsonObject values = variant.parameters;
  values["parameters"] = Json(variant.parameters).dump();
  values["seed"] = seed;
  values["variant"] = variant.name;
  values["cell"] = cell_key(variant, seed);
  values["study"] = spec.study.name;
  values["threads"] = threads;
  values["folder"] = spec.folder.string();
  return values;
}

void check_placeholders(const Spec& spec, const Variant& variant) {
  const CommandText& command = command_of(spec, variant);
  std::vector<std::string> texts = command.words;
  texts.push_back(command.script);
  texts.push_back(command.input);
  texts.push_back(command.folder);
  for (const auto& [name, value] : command.environment) texts.push_back(value);
  std::vector<std::string> known = built_in_names();
  for (const JsonMember& member : variant.parameters) known.push_back(member.key);
  for (const std::string& text : texts) {
    for (const std::string& name : placeholders(text)) {
      if (std::count(known.begin(), known.end(), name) > 0) continue;
      const auto near = nearest(name, known);
      throw InputError(command.where,
                       fmt::format("nothing stands for {{{0}}} in the variant '{1}'; {2} (write "
                                   "{{{{{0}}}}} for the text itself)",
                                   name, variant.name,
                                   near ? fmt::format("did you mean {{{}}}?", *near)
                                        : fmt::format("known are {}", fmt::join(known, ", "))));
    }
  }
}

void check_exclusions(const Spec& spec) {
  Spec whole = spec;
  whole.exclusions.clear();
  const std::vector<Variant> all = variants(whole);
  for (const Exclusion& exclusion : spec.exclusions) {
    if (std::none_of(all.begin(), all.end(),
                     [&](const Variant& one) { return matches(exclusion, spec, one); })) {
      throw InputError(exclusion.where,
                       "this excludes nothing: no variant has these values in these parameters");
    }
  }
}

bool in_shard(const ExpandOptions& options, std::size_t seed_position, const std::string& key) {
  const Shard& shard = options.shard;
  if (shard.count == 1) return true;
  std::uint64_t number = seed_position;
  if (options.seeds.size() < static_cast<std::size_t>(shard.count)) {
    std::from_chars(key.data(), key.data() + 16, number, 16);
  }
  return number % static_cast<std::uint64_t>(shard.count) ==
         static_cast<std::uint64_t>(shard.index - 1);
}

// One cell as a job; the Fingerprinter remembers the files of earlier cells.
Job make_job(const Spec& spec, const Variant& variant, std::int64_t seed,
             const ExpandOptions& options, Fingerprinter& fingerprinter) {
  const CommandText& command = command_of(spec, variant);
  const JsonObject values = placeholder_values(spec, variant, seed, options.threads);
  Job job;
  job.kind = spec.study.kind == "worker" ? CellKind::worker
             : spec.study.kind == "many" ? CellKind::many
                                         : CellKind::process;
  job.cells = {{values.find("cell")->as_string(), variant.name, variant.parameters, seed}};
  if (command.script.empty()) {
    for (const std::string& word : command.words) job.argv.push_back(fill(word, values));
  } else {
    job.argv = {"/bin/sh", "-c", fill(command.script, values, Quoting::shell)};
  }
  if (job.kind == CellKind::worker) {
    job.arguments = std::move(job.argv);
    job.argv = command.worker;
  }
  for (const auto& [name, value] : options.environment) job.env[name] = value;
  for (const auto& [name, value] : command.environment) job.env[name] = fill(value, values);
  job.folder = options.base / spec.folder / fill(command.folder, values);
  job.stdin_text = fill(command.input, values);
  job.fingerprint = fingerprinter.of(command, job.argv.front(), job.folder);
  job.time_limit = spec.study.timeout;
  job.memory_limit = static_cast<std::int64_t>(spec.study.memory * (1 << 20));
  job.retries = spec.study.retries;
  return job;
}

bool is_same_process(const Job& a, const Job& b) {
  return a.argv == b.argv && Json(a.env) == Json(b.env) && a.folder == b.folder &&
         a.stdin_text == b.stdin_text;
}

}  // namespace

std::vector<Variant> variants(const Spec& spec) {
  check_count(spec);
  std::vector<Variant> all = combine(spec, Naming::values);
  if (has_doubles(all)) all = combine(spec, Naming::columns_too);
  std::erase_if(all, [&](const Variant& one) {
    return std::any_of(spec.exclusions.begin(), spec.exclusions.end(),
                       [&](const Exclusion& exclusion) { return matches(exclusion, spec, one); });
  });
  return all;
}

const CommandText& command_of(const Spec& spec, const Variant& variant) {
  if (!spec.blocks.empty() && spec.blocks[variant.block].command) {
    return *spec.blocks[variant.block].command;
  }
  return spec.command;
}

void check(const Spec& spec) {
  const std::vector<Variant> all = variants(spec);
  if (all.empty()) throw InputError({.source = spec.source}, "every variant is excluded");
  if (has_doubles(all)) {
    throw InputError({.source = spec.source},
                     "two variants would be called the same: give different [[variant]] names");
  }
  check_exclusions(spec);
  for (const Variant& variant : all) check_placeholders(spec, variant);

  std::vector<std::string> measure_names, variant_names;
  for (const MeasureText& measure : spec.measures) {
    claims::parse_measure(measure.expression, measure.where);
    measure_names.push_back(measure.name);
  }
  for (const Variant& variant : all) variant_names.push_back(variant.name);
  for (const ClaimText& claim : spec.claims) {
    claims::resolve(claims::parse_claim(claim.text, claim.where), variant_names, measure_names);
  }
}

std::string cell_key(const Variant& variant, std::int64_t seed) {
  return store::cell_key(variant.name, variant.parameters, seed);
}

Shard parse_shard(const std::string& text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto index = std::from_chars(text.data(), end, shard.index);
  if (index.ec == std::errc() && index.ptr != end && *index.ptr == '/') {
    const auto count = std::from_chars(index.ptr + 1, end, shard.count);
    if (count.ec == std::errc() && count.ptr == end && shard.index >= 1 &&
        shard.index <= shard.count) {
      return shard;
    }
  }
  throw UsageError(fmt::format("--shard: expected i/n with 1 <= i <= n, found '{}'", text));
}

std::vector<Job> expand(const Spec& spec, const ExpandOptions& options) {
  const std::vector<Variant> all = variants(spec);
  std::vector<std::string> names;
  for (const Variant& variant : all) names.push_back(variant.name);
  for (const std::string& wanted : options.only) {
    if (std::count(names.begin(), names.end(), wanted) > 0) continue;
    const auto near = nearest(wanted, names);
    throw UsageError(fmt::format("--only: there is no variant '{}'; {}", wanted,
                                 near ? fmt::format("did you mean '{}'?", *near)
                                      : fmt::format("known are {}", fmt::join(names, ", "))));
  }

  Fingerprinter fingerprinter(options.search_path);
  std::vector<Job> jobs;
  for (std::size_t position = 0; position < options.seeds.size(); ++position) {
    for (const Variant& variant : all) {
      const std::int64_t seed = options.seeds[position];
      const bool is_wanted = options.only.empty() ||
                             std::count(options.only.begin(), options.only.end(), variant.name) > 0;
      if (!is_wanted || !in_shard(options, position, cell_key(variant, seed))) continue;
      Job job = make_job(spec, variant, seed, options, fingerprinter);
      const auto same = job.kind != CellKind::many
                            ? jobs.end()
                            : std::find_if(jobs.begin(), jobs.end(), [&](const Job& other) {
                                return is_same_process(job, other);
                              });
      if (same == jobs.end())
        jobs.push_back(std::move(job));
      else
        same->cells.push_back(std::move(job.cells[0]));
    }
  }
  return jobs;
}

}  // namespace ordo::trial
