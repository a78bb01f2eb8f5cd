#include "ordo/train/regime.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ordo/base/error.h"
#include "ordo/base/options.h"

namespace ordo::train {
namespace {

Location at(const std::string& source, const std::string& field) {
  return {.source = source, .field = "/" + field};
}

std::int64_t epoch_of(const std::string& key, const std::string& source) {
  std::int64_t epoch = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), epoch);
  if (error != std::errc() || end != key.data() + key.size() || epoch < 0) {
    throw InputError(at(source, key),
                     "expected an epoch, a whole number from 0 on (or 'epochs' for the length)");
  }
  return epoch;
}

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const optimize::OptimizerKind& kind : optimize::optimizer_kinds()) {
    names.push_back(kind.name);
  }
  return names;
}

std::string optimizer_of(const Json& value, const Location& where) {
  std::string name = value.as_string(where.to_string());
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::vector<std::string> names = optimizer_names();
  if (std::ranges::find(names, name) == names.end()) {
    const auto near = nearest(name, names);
    throw InputError(where,
                     fmt::format("there is no optimizer '{}'; {}", value.as_string(),
                                 near ? fmt::format("did you mean '{}'?", *near)
                                      : fmt::format("known are {}", fmt::join(names, ", "))));
  }
  return name;
}

// Keys as scripts write them, in our names.
JsonObject settings_of(const Json& json, const std::string& source, const std::string& key) {
  JsonObject settings;
  for (const JsonMember& member : json.as_object(at(source, key).to_string())) {
    const Location where = at(source, key + "/" + member.key);
    std::string name = member.key;
    std::ranges::replace(name, '_', '-');
    if (name == "lr") name = "rate";
    if (settings.contains(name)) throw InputError(where, "is said twice");
    if (name == "optimizer") {
      settings[name] = optimizer_of(member.value, where);
    } else if (name == "rate") {
      const double rate = member.value.as_double(where.to_string());
      if (!(rate >= 0)) {
        throw InputError(where, fmt::format("expected a rate of at least 0, found {:g}", rate));
      }
      settings[name] = rate;
    } else {
      settings[name] = member.value;
    }
  }
  return settings;
}

std::int64_t update_of(double epoch, double steps) { return std::llround(epoch * steps); }

}  // namespace

RegimeUnit regime_unit_of(const std::string& name) {
  if (name == "updates") return RegimeUnit::updates;
  if (name == "epochs") return RegimeUnit::epochs;
  if (name == "ceil") return RegimeUnit::ceil;
  throw UsageError(fmt::format("regime unit '{}': expected updates, epochs or ceil", name));
}

std::int64_t steps_per_epoch(std::int64_t examples, std::int64_t batch_size) {
  const bool one_is_left = examples > batch_size && batch_size > 1 && examples % batch_size == 1;
  return (examples + batch_size - 1) / batch_size - (one_is_left ? 1 : 0);
}

Regime Regime::from_json(const Json& json, const std::string& source) {
  Regime regime;
  for (const JsonMember& member : json.as_object(source)) {
    if (member.key == "epochs") {
      const Location where = at(source, member.key);
      regime.epochs_ = member.value.as_double(where.to_string());
      if (!(regime.epochs_ > 0)) throw InputError(where, "expected a length above 0");
      continue;
    }
    const auto epoch = static_cast<double>(epoch_of(member.key, source));
    if (regime.changes_.empty() && epoch != 0) {
      throw InputError(at(source, member.key),
                       "a regime begins with epoch 0, which says how training begins");
    }
    if (!regime.changes_.empty() && epoch <= regime.changes_.back().epoch) {
      throw InputError(
          at(source, member.key),
          fmt::format("epochs must rise; epoch {:g} is before it", regime.changes_.back().epoch));
    }
    regime.changes_.push_back({epoch, settings_of(member.value, source, member.key)});
  }
  if (regime.changes_.empty()) {
    throw InputError({.source = source}, "a regime needs at least epoch 0");
  }
  return regime;
}

Regime Regime::read(const std::string& name_or_path) {
  for (const NamedRegime& known : named_regimes()) {
    if (known.name == name_or_path)
      return from_json(parse_json(known.json, known.name), known.name);
  }
  if (!std::filesystem::exists(name_or_path)) {
    std::vector<std::string> names;
    for (const NamedRegime& known : named_regimes()) names.push_back(known.name);
    throw UsageError(
        fmt::format("--regime {}: there is no such file, and no regime of that name; "
                    "known are {}",
                    name_or_path, fmt::join(names, ", ")));
  }
  return from_json(read_json(name_or_path), name_or_path);
}

Regime Regime::lasting(double epochs) const {
  Regime other = *this;
  other.epochs_ = epochs;
  return other;
}

Regime Regime::stretched(double factor) const {
  if (!(factor > 0) || !std::isfinite(factor)) {
    throw UsageError(fmt::format("a regime cannot be stretched by {:g}", factor));
  }
  Regime other = *this;
  other.epochs_ *= factor;
  for (Change& change : other.changes_) change.epoch *= factor;
  return other;
}

Regime Regime::adapt(std::int64_t from, std::int64_t to, RegimeUnit unit) const {
  if (from < 1 || to < 1) {
    throw UsageError(
        fmt::format("a batch holds at least one example; asked to adapt a regime from "
                    "batches of {} to {}",
                    from, to));
  }
  const double ratio = static_cast<double>(to) / static_cast<double>(from);
  return stretched(unit == RegimeUnit::ceil ? std::ceil(ratio) : ratio);
}

Regime::Schedule Regime::schedule(std::int64_t examples, std::int64_t batch_size) const {
  const auto steps = static_cast<double>(steps_per_epoch(examples, batch_size));
  Schedule schedule{.changes = {}, .updates = update_of(epochs_, steps)};
  for (const Change& change : changes_) {
    schedule.changes.push_back({update_of(change.epoch, steps), change.settings});
  }
  return schedule;
}

Regime::Schedule Regime::schedule(std::int64_t examples, std::int64_t from, std::int64_t to,
                                  RegimeUnit unit) const {
  if (unit == RegimeUnit::updates) return schedule(examples, from);
  return adapt(from, to, unit).schedule(examples, to);
}

Json to_json(const Regime& regime) {
  Json json = Json::object();
  for (const Regime::Change& change : regime.changes()) {
    json[fmt::format("{:g}", change.epoch)] = Json(change.settings);
  }
  if (regime.epochs() > 0) json["epochs"] = regime.epochs();
  return json;
}

const std::vector<NamedRegime>& named_regimes() {
  static const std::vector<NamedRegime> all = {
      {"f1", "Fully connected on MNIST, batches of 128.",
       R"({"0": {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4},
           "10": {"lr": 0.01}, "20": {"lr": 0.001}, "30": {"lr": 0.0001}, "epochs": 50})"},
      {"c1", "Shallow convolutions on CIFAR, batches of 128.",
       R"({"0": {"optimizer": "sgd", "lr": 0.001, "momentum": 0.9, "weight_decay": 5e-4},
           "60": {"lr": 0.01}, "120": {"lr": 0.001}, "180": {"lr": 0.0001}, "epochs": 200})"},
      {"resnet44", "Residual networks on CIFAR, batches of 128.",
       R"({"0": {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4},
           "81": {"lr": 0.01}, "122": {"lr": 0.001}, "164": {"lr": 0.0001}, "epochs": 200})"},
      {"wrn16-4", "Wide residual networks on CIFAR-100, batches of 128.",
       R"({"0": {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4},
           "60": {"lr": 0.02}, "120": {"lr": 0.004}, "140": {"lr": 0.0001}, "epochs": 200})"}};
  return all;
}

RegimePlayer::RegimePlayer(Regime::Schedule schedule, const NamedSpec& optimizer, double rate,
                           double rate_factor)
    : schedule_(std::move(schedule)),
      spec_(optimizer),
      rate_(rate),
      rate_factor_(rate_factor),
      optimizer_(optimize::make_optimizer(optimizer.name, optimizer.options)) {
  for (const Regime::ChangeAt& change : schedule_.changes) {
    try {
      apply(change.settings);
    } catch (const Error& error) {
      throw UsageError(
          fmt::format("the regime's change before update {}: {}", change.update, error.what()));
    }
  }
  spec_ = optimizer;
  rate_ = rate;
  optimizer_ = optimize::make_optimizer(optimizer.name, optimizer.options);
}

void RegimePlayer::apply(const JsonObject& settings) {
  NamedSpec next = spec_;
  if (const Json* const name = settings.find("optimizer")) {
    if (name->as_string() != spec_.name) {
      next = {.name = name->as_string(), .options = {}};
      for (const JsonMember& option : spec_.options) {
        try {
          optimize::make_optimizer(next.name, {{option.key, option.value}});
          next.options[option.key] = option.value;
        } catch (const UsageError&) {
          // The new method has no such option.
        }
      }
    }
  }
  for (const JsonMember& setting : settings) {
    if (setting.key == "rate") rate_ = setting.value.as_double();
    if (setting.key != "rate" && setting.key != "optimizer") {
      next.options[setting.key] = setting.value;
    }
  }
  if (next.name == spec_.name && Json(next.options) == Json(spec_.options)) return;
  std::unique_ptr<optimize::Optimizer> made = optimize::make_optimizer(next.name, next.options);
  const tensor::NamedTensors state = optimizer_->state();
  if (next.name == spec_.name && !state.empty()) {
    try {
      made->load_state(state);
    } catch (const InputError&) {
      // With these options it keeps other tensors (as sgd without momentum): it begins anew.
    }
  }
  optimizer_ = std::move(made);
  spec_ = std::move(next);
}

bool RegimePlayer::advance(std::int64_t update) {
  bool changed = false;
  for (; next_ < schedule_.changes.size() && schedule_.changes[next_].update <= update; ++next_) {
    apply(schedule_.changes[next_].settings);
    changed = true;
  }
  return changed;
}

}  // namespace ordo::train
