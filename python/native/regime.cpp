// Regimes: settings by epoch, adapted to other batch sizes.
#include "ordo/train/regime.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/train/scale_rate.h"
#include "python/native/bind.h"

namespace ordo::python {
namespace {

using train::Regime;

py::object to_python(const Json& value) {
  return py::module_::import("json").attr("loads")(value.dump());
}

constexpr const char* kRegime =
    "Settings that change in the course of a training, by epoch; what an epoch sets stays until\n"
    "another sets it again. Equal to ordo::train::Regime.";

constexpr const char* kAdapt =
    "For batches of `to` instead of `from_`, with the same number of updates: every length times\n"
    "to / from_; with unit 'ceil' that rounded up, as the authors' scripts have it.";

constexpr const char* kSchedule =
    "The regime in updates, for `examples` in batches of `batch_size`: pairs of an update and the\n"
    "settings that hold from it on, and the number of all updates (0: not said).";

constexpr const char* kAdaptedSchedule =
    "Made for batches of `from_` and used with `to`; lengths are kept in 'updates' exactly, or in\n"
    "'epochs' or 'ceil'.";

constexpr const char* kScaleRate =
    "The learning rate for batches of `to` that stands for `rate` at `from_`: times\n"
    "sqrt(to / from_), which keeps the covariance of a step; or 'linear', or 'none'.";

// (update, settings) pairs and the number of updates.
py::tuple to_python(const Regime::Schedule& schedule) {
  py::list changes;
  for (const Regime::ChangeAt& change : schedule.changes) {
    changes.append(py::make_tuple(change.update, to_python(Json(change.settings))));
  }
  return py::make_tuple(changes, schedule.updates);
}

}  // namespace

void bind_regime(py::module_& module) {
  py::class_<Regime>(module, "Regime", kRegime)
      .def_static(
          "from_json",
          [](const std::string& text, const std::string& source) {
            return Regime::from_json(parse_json(text, source), source);
          },
          py::arg("text"), py::arg("source") = "regime",
          "From JSON such as {\"0\": {\"optimizer\": \"SGD\", \"lr\": 0.1}, \"10\": {\"lr\": "
          "0.01}, \"epochs\": 50}.\nRaises InputError with the place.")
      .def_static("read", &Regime::read, py::arg("name_or_path"),
                  "One of the paper's by name, or a file of JSON.")
      .def_property_readonly(
          "changes",
          [](const Regime& regime) {
            py::list changes;
            for (const Regime::Change& change : regime.changes()) {
              changes.append(py::make_tuple(change.epoch, to_python(Json(change.settings))));
            }
            return changes;
          },
          "Pairs of an epoch and the settings that hold from it on.")
      .def(
          "settings",
          [](const Regime& regime, double epoch) {
            if (!(epoch >= 0)) {
              throw UsageError(fmt::format("expected an epoch of at least 0, found {:g}", epoch));
            }
            JsonObject settings;
            for (const Regime::Change& change : regime.changes()) {
              if (change.epoch > epoch) break;
              for (const JsonMember& member : change.settings) settings[member.key] = member.value;
            }
            return to_python(Json(settings));
          },
          py::arg("epoch"), "All that holds in an epoch, by name.")
      .def_property_readonly("epochs", &Regime::epochs, "Of the whole training; 0: not said.")
      .def("lasting", &Regime::lasting, py::arg("epochs"), "The same with another length.")
      .def("stretched", &Regime::stretched, py::arg("factor"), "Epochs times `factor`.")
      .def(
          "adapt",
          [](const Regime& regime, std::int64_t from, std::int64_t to, const std::string& unit) {
            return regime.adapt(from, to, train::regime_unit_of(unit));
          },
          py::arg("from_"), py::arg("to"), py::arg("unit") = "updates", kAdapt)
      .def(
          "schedule",
          [](const Regime& regime, std::int64_t examples, std::int64_t batch_size) {
            return to_python(regime.schedule(examples, batch_size));
          },
          py::arg("examples"), py::arg("batch_size"), kSchedule)
      .def(
          "schedule",
          [](const Regime& regime, std::int64_t examples, std::int64_t from, std::int64_t to,
             const std::string& unit) {
            return to_python(regime.schedule(examples, from, to, train::regime_unit_of(unit)));
          },
          py::arg("examples"), py::arg("from_"), py::arg("to"), py::arg("unit") = "updates",
          kAdaptedSchedule)
      .def(
          "to_json", [](const Regime& regime) { return to_json(regime).dump(); },
          "The regime as JSON, as from_json reads it.");

  module.def(
      "scale_rate",
      [](double rate, std::int64_t from, std::int64_t to, const std::string& scaling) {
        return train::scale_rate(rate, from, to, train::rate_scaling_of(scaling));
      },
      py::arg("rate"), py::arg("from_"), py::arg("to"), py::arg("scaling") = "sqrt", kScaleRate);
}

}  // namespace ordo::python
