#include "ordo/cli/doctor.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "ordo/base/process.h"
#include "ordo/base/version.h"

namespace ordo::cli {
namespace {

constexpr double kGigabyte = 1 << 30;
constexpr double kLittleDisk = 1;  // gigabytes under which a study soon fills the disk

// A program that some verb calls, and what it is for.
struct Tool {
  std::string name;
  std::vector<std::string> version_command;
  std::string use;
};

const std::vector<Tool>& tools() {
  static const std::vector<Tool> list = {
      {"python3", {"python3", "--version"}, "scripts that log with 'import ordo', and the demo"},
      {"git", {"git", "--version"}, "the commit that a study records"},
      {"PyTorch",
       {"python3", "-c", "from importlib import metadata as m; print('torch', m.version('torch'))"},
       "tensors in Python, and benchmarks beside it: pip install torch"},
      {"apt-get", {"apt-get", "--version"}, "'ordo data get' for sets in Debian packages"},
      {"npm", {"npm", "--version"}, "'ordo data get' for sets in npm packages"},
      {"chromium", {"chromium", "--version"}, "the tests of the pages in a browser"},
  };
  return list;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Finding look_at(const Tool& tool, Context& context) {
  Finding finding{.name = tool.name};
  try {
    const ProcessOutput output =
        run_process({.argv = tool.version_command}, {.wall_seconds = 20, .output_bytes = 1 << 16},
                    {}, context.stop);
    if (output.exit.reason == ProcessExit::Reason::exited && output.exit.status == 0) {
      finding.found = first_line(output.out);
      return finding;
    }
  } catch (const IoError&) {
    // Not there: that is the finding.
  }
  finding.state = Finding::State::missing;
  finding.advice = "for " + tool.use;
  return finding;
}

Finding look_at_program(const std::filesystem::path& program, Context& context) {
  Finding finding{.name = program.filename().string(), .needed = true};
  const ProcessOutput output = run_process({.argv = {program.string(), "--version"}},
                                           {.wall_seconds = 20}, {}, context.stop);
  finding.found = first_line(output.out);
  if (output.exit.status != 0 || !finding.found.ends_with(version())) {
    finding.state = Finding::State::bad;
    finding.advice = fmt::format("expected version {}; {}; build or install all programs together",
                                 version(), to_string(output.exit));
  }
  return finding;
}

std::vector<std::filesystem::path> own_programs(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> programs;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("ordo-") && entry.is_regular_file(error) && name != "ordo-doctor" &&
        ::access(entry.path().c_str(), X_OK) == 0) {
      programs.push_back(entry.path());
    }
  }
  std::sort(programs.begin(), programs.end());
  return programs;
}

Finding look_at_memory() {
  struct sysinfo info{};
  ::sysinfo(&info);
  const double unit = info.mem_unit;
  return {.name = "memory",
          .found = fmt::format("{:.1f} GB, {:.1f} GB free",
                               static_cast<double>(info.totalram) * unit / kGigabyte,
                               static_cast<double>(info.freeram) * unit / kGigabyte)};
}

Finding look_at_disk(const std::string& name, std::filesystem::path folder) {
  while (!std::filesystem::exists(folder) && folder.has_parent_path()) {
    folder = folder.parent_path();
  }
  if (folder.empty() || !std::filesystem::exists(folder)) folder = ".";
  struct statvfs status{};
  if (::statvfs(folder.c_str(), &status) != 0) {
    return {.state = Finding::State::bad,
            .name = name,
            .found = folder.string(),
            .advice = "its file system does not answer",
            .needed = true};
  }
  const double free =
      static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize) / kGigabyte;
  Finding finding{.name = name, .found = fmt::format("{:.1f} GB free", free)};
  if (free < kLittleDisk) {
    finding.state = Finding::State::bad;
    finding.advice = "a study needs some hundred megabytes; make room or choose another --store";
  } else if (::access(folder.c_str(), W_OK) != 0) {
    finding.state = Finding::State::bad;
    finding.found += ", read-only";
    finding.advice = "choose another place by --store";
  }
  return finding;
}

// "NVIDIA H200" of each GPU: a folder each, whose file `information` has a line "Model: ...".
std::vector<std::string> gpu_models(const std::filesystem::path& gpus) {
  std::vector<std::string> models;
  std::error_code error;
  for (const auto& gpu : std::filesystem::directory_iterator(gpus, error)) {
    std::ifstream lines(gpu.path() / "information");
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("Model:")) continue;
      const std::size_t start = line.find_first_not_of(" \t", 6);
      models.push_back(start == std::string::npos ? "GPU" : line.substr(start));
    }
  }
  std::sort(models.begin(), models.end());
  return models;
}

std::string_view word(Finding::State state) {
  switch (state) {
    case Finding::State::good:
      return "ok";
    case Finding::State::missing:
      return "missing";
    case Finding::State::bad:
      return "bad";
  }
  return "";
}

}  // namespace

Finding look_at_libtorch(const std::string& version, const std::filesystem::path& folder,
                         const std::filesystem::path& gpus) {
  Finding finding{.name = "LibTorch"};
  if (version.empty()) {
    finding.state = Finding::State::missing;
    finding.advice = "for training and all verbs with tensors: ./dev --torch cpu build";
    return finding;
  }
  finding.found = fmt::format("{} in {}", version, folder.string());
  if (!std::filesystem::exists(folder / "lib/libtorch_cpu.so")) {
    finding.state = Finding::State::bad;
    finding.advice = "it was there when the programs were built; ./dev --torch cpu build";
    return finding;
  }
  const std::vector<std::string> models = gpu_models(gpus);
  const bool cuda = std::filesystem::exists(folder / "lib/libtorch_cuda.so");
  finding.found += cuda ? ", for cpu and cuda" : ", for cpu";
  if (cuda) finding.found += models.empty() ? " (no GPU here)" : "";
  for (std::size_t index = 0; index < models.size() && cuda; ++index) {
    finding.found += fmt::format("{} cuda:{} {}", index == 0 ? ":" : ",", index, models[index]);
  }
  if (!cuda && !models.empty()) {
    finding.advice = fmt::format("the {} here can be used by ./dev --torch cuda build", models[0]);
  }
  return finding;
}

Diagnosis diagnose(const DoctorOptions& options, Context& context) {
  Diagnosis diagnosis;
  auto& findings = diagnosis.findings;
  findings.push_back({.name = "cores", .found = fmt::format("{} to use", context.threads)});
  findings.push_back(look_at_memory());
  findings.push_back(look_at_disk("disk of the store", options.store));
  findings.push_back(look_at_disk("disk of temporary files", context.temp_folder));
  findings.push_back(look_at_libtorch(ORDO_TORCH_VERSION, ORDO_TORCH_FOLDER));
  for (const auto& program : own_programs(options.programs)) {
    context.check_stop();
    findings.push_back(look_at_program(program, context));
  }
  for (const Tool& tool : tools()) {
    context.check_stop();
    findings.push_back(look_at(tool, context));
  }
  return diagnosis;
}

Json to_json(const Diagnosis& diagnosis) {
  Json::Array list;
  for (const Finding& finding : diagnosis.findings) {
    list.push_back(Json::object({{"name", finding.name},
                                 {"state", word(finding.state)},
                                 {"found", finding.found},
                                 {"advice", finding.advice},
                                 {"needed", finding.needed}}));
  }
  return Json::object({{"version", version()}, {"findings", std::move(list)}});
}

std::string to_text(const Diagnosis& diagnosis) {
  std::string text = fmt::format("ordo {}\n\n", version());
  for (const Finding& finding : diagnosis.findings) {
    text +=
        fmt::format("{:<8} {:<24} {}{}{}\n", word(finding.state), finding.name, finding.found,
                    finding.found.empty() || finding.advice.empty() ? "" : "; ", finding.advice);
  }
  return text;
}

ExitCode exit_code(const Diagnosis& diagnosis) {
  const bool ill =
      std::any_of(diagnosis.findings.begin(), diagnosis.findings.end(), [](const Finding& finding) {
        return finding.needed && finding.state != Finding::State::good;
      });
  return ill ? ExitCode::no : ExitCode::done;
}

}  // namespace ordo::cli
