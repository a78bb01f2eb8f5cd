// TensorBoard's event files are records: length (8 bytes, little-endian), masked CRC-32C of it, the
// bytes, masked CRC-32C of them; mask(c) = rotate_right(c, 15) + 0xa282ead8. The bytes are a
// protocol-buffer Event {1: double wall_time, 2: int64 step, 3: string file_version, 5: Summary},
// Summary {1: repeated Value}, Value {1: string tag, 2: float simple_value}. MLflow's file store is
// a folder an experiment, a folder a run in it, a file a parameter, tag and metric.
#include "ordo/store/export.h"

#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include <fmt/format.h>

#include "ordo/base/error.h"
#include "ordo/store/store.h"

namespace ordo::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAllPoints = std::numeric_limits<std::size_t>::max() / 2;

// A cell with its run, as every format needs them.
struct Item {
  Cell cell;
  Run run;
};

std::vector<Item> items_of(const Store& store, const std::string& study) {
  std::map<RunId, Run> runs;
  for (Run& run : store.runs(study)) runs.emplace(run.id, std::move(run));
  std::vector<Item> items;
  for (Cell& cell : store.cells(study)) {
    const auto run = cell.run ? runs.find(*cell.run) : runs.end();
    if (run != runs.end()) items.push_back({std::move(cell), std::move(run->second)});
  }
  return items;
}

class OutputFile {
 public:
  explicit OutputFile(const fs::path& path) : path_(path) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) throw IoError::from_errno("make", path.parent_path().string(), error.value());
    file_.open(path, std::ios::binary);
    if (!file_) throw IoError::from_errno("write", path.string(), errno);
  }
  void write(std::string_view bytes) {
    file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  void close() {
    file_.close();
    if (!file_) throw IoError(fmt::format("cannot write '{}' to its end", path_.string()));
  }

 private:
  fs::path path_;
  std::ofstream file_;
};

void write_whole(const fs::path& path, std::string_view bytes) {
  OutputFile file(path);
  file.write(bytes);
  file.close();
}

std::string plain(const Json& value) {
  return value.is_string() ? value.as_string() : value.dump();
}

// ---- tables (RFC 4180) ----

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_row(const std::vector<std::string>& fields) {
  std::string row;
  for (const std::string& field : fields) row += (row.empty() ? "" : ",") + csv_field(field);
  // A lone empty field would look like an empty line; the first column here is never empty.
  return row + "\n";
}

std::string number(double value) { return fmt::format("{}", value); }

std::vector<std::string> keys_of(const std::vector<Item>& items, bool results) {
  std::set<std::string> keys;
  for (const Item& item : items) {
    for (const JsonMember& member : results ? item.run.results : item.cell.params) {
      keys.insert(member.key);
    }
  }
  return {keys.begin(), keys.end()};
}

std::string field_of(const JsonObject& object, const std::string& key) {
  const Json* value = object.find(key);
  return value == nullptr ? "" : plain(*value);
}

std::string cells_table(const std::vector<Item>& items) {
  const auto params = keys_of(items, false), results = keys_of(items, true);
  std::vector<std::string> header = {"study",       "variant",     "seed",         "status",
                                     "attempts",    "exit_status", "wall_seconds", "cpu_seconds",
                                     "peak_memory", "start",       "host",         "run"};
  for (const auto& key : params) header.push_back("param." + key);
  for (const auto& key : results) header.push_back("result." + key);
  std::string text = csv_row(header);
  for (const auto& [cell, run] : items) {
    std::vector<std::string> row = {cell.study,
                                    cell.variant,
                                    std::to_string(cell.seed),
                                    std::string(to_string(cell.status)),
                                    std::to_string(cell.attempts),
                                    run.exit_status ? std::to_string(*run.exit_status) : "",
                                    number(run.wall_seconds),
                                    number(run.cpu_seconds),
                                    std::to_string(run.peak_memory),
                                    number(run.start),
                                    run.host,
                                    run.uid};
    for (const auto& key : params) row.push_back(field_of(cell.params, key));
    for (const auto& key : results) row.push_back(field_of(run.results, key));
    text += csv_row(row);
  }
  return text;
}

std::string row_start(const Cell& cell) {
  return csv_field(cell.study) + "," + csv_field(cell.variant) + "," + std::to_string(cell.seed);
}

void write_tables(const Store& store, const std::vector<Item>& items, const fs::path& out,
                  ExportResult& result) {
  write_whole(out / "cells.csv", cells_table(items));
  std::set<std::string> names;
  OutputFile longer(out / "series.csv"), wide(out / "wide.csv");
  longer.write("study,variant,seed,name,step,value\n");
  for (const Item& item : items) {
    for (const SeriesInfo& info : store.series_list(item.run.id)) names.insert(info.name);
  }
  std::vector<std::string> header = {"study", "variant", "seed", "step"};
  header.insert(header.end(), names.begin(), names.end());
  wide.write(csv_row(header));
  for (const auto& [cell, run] : items) {
    const std::string start = row_start(cell);
    std::map<double, std::map<std::string, double>> by_step;  // of equal steps the last counts
    for (const SeriesInfo& info : store.series_list(run.id)) {
      const Curve curve = store.series(run.id, info.name, kAllPoints);
      for (std::size_t i = 0; i < curve.step.size(); ++i) {
        longer.write(fmt::format("{},{},{},{}\n", start, csv_field(info.name), curve.step[i],
                                 curve.value[i]));
        if (!std::isnan(curve.step[i])) by_step[curve.step[i]][info.name] = curve.value[i];
      }
      result.points += static_cast<std::int64_t>(curve.step.size());
    }
    for (const auto& [step, values] : by_step) {
      std::string row = start + "," + number(step);
      for (const std::string& name : names) {
        const auto value = values.find(name);
        row += "," + (value == values.end() ? std::string() : number(value->second));
      }
      wide.write(row + "\n");
    }
  }
  longer.close();
  wide.close();
  result.files = {"cells.csv", "series.csv", "wide.csv"};
}

// ---- JSON ----

void write_json(const Store& store, const std::vector<Item>& items, const fs::path& out,
                ExportResult& result) {
  Json::Array cells;
  for (const auto& [cell, run] : items) {
    JsonObject series;
    for (const SeriesInfo& info : store.series_list(run.id)) {
      const Curve curve = store.series(run.id, info.name, kAllPoints);
      series[info.name] = Json::object(
          {{"step", Json::array_of(curve.step)}, {"value", Json::array_of(curve.value)}});
      result.points += static_cast<std::int64_t>(curve.step.size());
    }
    cells.push_back(Json::object({{"study", cell.study},
                                  {"variant", cell.variant},
                                  {"seed", cell.seed},
                                  {"params", cell.params},
                                  {"status", to_string(cell.status)},
                                  {"run", run.uid},
                                  {"start", run.start},
                                  {"wall_seconds", run.wall_seconds},
                                  {"cpu_seconds", run.cpu_seconds},
                                  {"peak_memory", run.peak_memory},
                                  {"results", run.results},
                                  {"series", std::move(series)}}));
  }
  write_whole(out / "store.json",
              Json::object({{"ordo_store", kStoreVersion}, {"cells", std::move(cells)}}).dump(1));
  result.files = {"store.json"};
}

// ---- MLflow ----

// MLflow allows letters, digits and "_-. /" in names, which become file names; no "..", no leading
// or trailing slash.
std::string mlflow_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool allowed = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                         std::string_view("_-. ").find(c) != std::string_view::npos;
    out += allowed ? c : '_';
  }
  return out.empty() || out.find_first_not_of('.') == std::string::npos ? "_" + out : out;
}

std::int64_t milliseconds(double seconds) { return std::llround(seconds * 1000); }

std::int64_t whole_step(double step) {
  const bool fits = std::abs(step) < 9e18;  // false for NaN
  return fits ? std::llround(step) : 0;
}

// YAML takes a JSON string as it is.
std::string quoted(const std::string& text) { return Json(text).dump(); }

void write_mlflow_run(const Store& store, const Item& item, const fs::path& experiment,
                      const std::string& experiment_id, ExportResult& result) {
  const auto& [cell, run] = item;
  const fs::path folder = experiment / run.uid;
  const std::string name = fmt::format("{}-seed{}", cell.variant, cell.seed);
  // RunStatus in mlflow/entities/run_status.py.
  const int status = run.status == Status::done      ? 3
                     : run.status == Status::running ? 1
                     : run.status == Status::killed  ? 5
                                                     : 4;
  write_whole(folder / "meta.yaml",
              fmt::format("artifact_uri: {}\nend_time: {}\nentry_point_name: ''\nexperiment_id: "
                          "'{}'\nlifecycle_stage: active\nrun_id: {}\nrun_name: {}\nrun_uuid: {}\n"
                          "source_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: {}\n"
                          "status: {}\ntags: []\nuser_id: ordo\n",
                          quoted((folder / "artifacts").string()),
                          run.end ? std::to_string(milliseconds(*run.end)) : "null", experiment_id,
                          run.uid, quoted(name), run.uid, milliseconds(run.start), status));
  for (const char* part : {"artifacts", "metrics", "params", "tags"}) {
    fs::create_directories(folder / part);
  }
  write_whole(folder / "tags" / "mlflow.runName", name);
  write_whole(folder / "tags" / "ordo.variant", cell.variant);
  write_whole(folder / "params" / "seed", std::to_string(cell.seed));
  for (const JsonMember& member : cell.params) {
    write_whole(folder / "params" / mlflow_name(member.key), plain(member.value));
  }
  const std::int64_t time = milliseconds(run.start);
  for (const JsonMember& member : run.results) {
    const fs::path file = folder / "metrics" / mlflow_name(member.key);
    if (!member.value.is_number()) continue;
    write_whole(file, fmt::format("{} {} 0\n", time, member.value.as_double()));
  }
  for (const SeriesInfo& info : store.series_list(run.id)) {
    const Curve curve = store.series(run.id, info.name, kAllPoints);
    OutputFile file(folder / "metrics" / mlflow_name(info.name));
    for (std::size_t i = 0; i < curve.step.size(); ++i) {
      file.write(fmt::format("{} {} {}\n", time, curve.value[i], whole_step(curve.step[i])));
    }
    file.close();
    result.points += static_cast<std::int64_t>(curve.step.size());
  }
}

void write_mlflow(const Store& store, const std::vector<Item>& items, const fs::path& out,
                  ExportResult& result) {
  std::map<std::string, std::string> experiments;  // study -> id
  for (const Item& item : items) {
    const auto [place, is_new] =
        experiments.emplace(item.cell.study, std::to_string(experiments.size() + 1));
    const fs::path folder = out / place->second;
    if (is_new) {
      const std::int64_t created = milliseconds(store.study(item.cell.study)->created);
      write_whole(folder / "meta.yaml",
                  fmt::format("artifact_location: {}\ncreation_time: {}\nexperiment_id: '{}'\n"
                              "last_update_time: {}\nlifecycle_stage: active\nname: {}\n",
                              quoted(folder.string()), created, place->second, created,
                              quoted(item.cell.study)));
    }
    write_mlflow_run(store, item, folder, place->second, result);
  }
}

// ---- TensorBoard ----

// CRC-32C (Castagnoli), bit-reflected polynomial 0x82f63b78.
std::uint32_t crc32c(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> remainders{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t rest = byte;
      for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0x82f63b78U : 0U);
      remainders[byte] = rest;
    }
    return remainders;
  }();
  std::uint32_t sum = ~0U;
  for (const char byte : bytes) {
    sum = table[(sum ^ static_cast<unsigned char>(byte)) & 0xff] ^ (sum >> 8);
  }
  return ~sum;
}

template <class T>
std::string little_endian(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

// A field of a protocol buffer that has a length: number, wire type 2.
std::string bytes_field(int field, const std::string& bytes) {
  return static_cast<char>(field << 3 | 2) + varint(bytes.size()) + bytes;
}

std::string record(const std::string& bytes) {
  const auto masked = [](const std::string& what) {
    return little_endian<std::uint32_t>(std::rotr(crc32c(what), 15) + 0xa282ead8U);
  };
  const std::string length = little_endian<std::uint64_t>(bytes.size());
  return length + masked(length) + bytes + masked(bytes);
}

std::string scalar_event(double time, std::int64_t step, const std::string& tag, double value) {
  const std::string scalar =
      bytes_field(1, tag) + "\x15" + little_endian(static_cast<float>(value));  // field 2, fixed32
  return "\x09" + little_endian(time) + "\x10" + varint(static_cast<std::uint64_t>(step)) +
         bytes_field(5, bytes_field(1, scalar));
}

void write_tensorboard(const Store& store, const std::vector<Item>& items, const fs::path& out,
                       ExportResult& result) {
  for (const auto& [cell, run] : items) {
    const fs::path folder =
        out / mlflow_name(cell.study) /
        mlflow_name(fmt::format("{}-seed{}-{}", cell.variant, cell.seed, run.uid.substr(0, 8)));
    OutputFile file(
        folder / fmt::format("events.out.tfevents.{}.ordo", static_cast<std::int64_t>(run.start)));
    file.write(record("\x09" + little_endian(run.start) + bytes_field(3, "brain.Event:2")));
    for (const SeriesInfo& info : store.series_list(run.id)) {
      const Curve curve = store.series(run.id, info.name, kAllPoints);
      for (std::size_t i = 0; i < curve.step.size(); ++i) {
        file.write(
            record(scalar_event(run.start, whole_step(curve.step[i]), info.name, curve.value[i])));
      }
      result.points += static_cast<std::int64_t>(curve.step.size());
    }
    for (const JsonMember& member : run.results) {
      if (!member.value.is_number()) continue;
      file.write(
          record(scalar_event(run.start, 0, "result/" + member.key, member.value.as_double())));
    }
    file.close();
  }
}

}  // namespace

void ExportOptions::describe(OptionSet& set) {
  set.positional("out", out, "Folder to write; must be empty or absent.").required();
  set.add("store", store, "The store's folder.").placeholder("DIR");
  set.add("format", format, "What to write.").choices({"csv", "json", "mlflow", "tensorboard"});
  set.add("study", study, "Only this study; default: all.");
}

ExportResult export_store(const ExportOptions& options, Context& context) {
  if (fs::exists(options.out) && !fs::is_empty(options.out)) {
    throw UsageError(
        fmt::format("'{}' is not an empty folder; name another to write to", options.out.string()));
  }
  const Store store(options.store, {.access = Access::read}, context);
  std::vector<Item> items;
  if (!options.study.empty()) items = items_of(store, options.study);
  if (options.study.empty()) {
    for (const Study& study : store.studies()) {
      for (Item& item : items_of(store, study.name)) items.push_back(std::move(item));
    }
  }
  ExportResult result;
  result.folder = options.out.string();
  result.runs = static_cast<std::int64_t>(items.size());
  const fs::path out = fs::absolute(options.out);
  fs::create_directories(out);
  if (options.format == "csv") write_tables(store, items, out, result);
  if (options.format == "json") write_json(store, items, out, result);
  if (options.format == "mlflow") write_mlflow(store, items, out, result);
  if (options.format == "tensorboard") write_tensorboard(store, items, out, result);
  return result;
}

Json to_json(const ExportResult& result) {
  return Json::object({{"folder", result.folder},
                       {"files", Json::array_of(result.files)},
                       {"runs", result.runs},
                       {"points", result.points}});
}

std::string to_text(const ExportResult& result) {
  return fmt::format("wrote {} runs, {} points to {}\n", result.runs, result.points, result.folder);
}

}  // namespace ordo::store
