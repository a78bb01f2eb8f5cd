// `ordo study`: what a shell script would do with loops and a log parser, with verdicts.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

#include "ordo/cli/program.h"
#include "ordo/cli/terminal.h"
#include "ordo/study/live.h"
#include "ordo/study/verbs.h"

namespace {

namespace fs = std::filesystem;
namespace study = ordo::study;

// The folder that holds the Python package `ordo`, so that scripts can import it: beside an
// installed program, or in the source tree that this program was built in.
std::string python_folder() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  for (fs::path folder = self.parent_path(); folder.has_relative_path();
       folder = folder.parent_path()) {
    for (const char* place : {"python", "share/ordo/python"}) {
      if (fs::is_directory(folder / place / "ordo", error)) return (folder / place).string();
    }
  }
  return {};
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::vector<fs::path> search_path() {
  std::vector<fs::path> folders;
  std::string rest = environment("PATH");
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    folders.emplace_back(rest.substr(0, colon));
    rest.erase(0, std::min(colon + 1, rest.size()));
  }
  return folders;
}

bool ask(const std::string& question) {
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

study::Surroundings surroundings() {
  study::Surroundings around;
  around.folder = fs::current_path();
  around.search_path = search_path();
  const std::string python = python_folder(), given = environment("PYTHONPATH");
  if (!python.empty()) {
    around.environment["PYTHONPATH"] = given.empty() ? python : python + ":" + given;
  }
  if (::isatty(STDIN_FILENO) != 0) around.confirm = ask;
  return around;
}

// A table is drawn for a person who watches, and did not ask for JSON or silence.
bool wants_table(int argc, char** argv) {
  const bool is_silent = std::any_of(argv, argv + argc, [](const std::string& word) {
    return word == "--json" || word == "--quiet" || word == "-q";
  });
  return !is_silent && ::isatty(STDERR_FILENO) != 0;
}

study::LiveTable::Screen screen() {
  winsize size{};
  const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
  return {.write =
              [](std::string_view text) {
                std::fwrite(text.data(), 1, text.size(), stderr);
                std::fflush(stderr);
              },
          .columns = [] { return ordo::cli::terminal_width(STDERR_FILENO); },
          .rows = is_known ? size.ws_row : 24};
}

}  // namespace

int main(int argc, char** argv) {
  study::Surroundings around = surroundings();
  study::LiveTable table(screen());
  if (wants_table(argc, argv)) around.observer = &table;

  // A verb's function with these surroundings.
  const auto with = [&around](auto function) {
    return [&around, function](const auto& options, ordo::Context& context) {
      return function(options, around, context);
    };
  };
  ordo::cli::Program program("study", "Compares programs over seeds, with claims that are tested.");
  program.example("ordo study run mine.toml", "run what has not run yet, then judge the claims");
  program.command<study::NewOptions>("new", "Write a commented study to begin with.",
                                     with(study::new_study));
  program.example("ordo study new mine.toml");
  program.command<study::RunStudyOptions>(
      "run", "Run the cells that have not run yet, then judge the claims.", with(study::run_study));
  program.example("ordo study run studies/digits.toml --jobs 2");
  program.command<study::StudyOption>("status", "How many cells stand how.", with(study::status));
  program.example("ordo study status digits");
  program.command<study::StudyOption>("show", "The table of measures, and the verdicts.",
                                      with(study::show));
  program.example("ordo study show digits");
  program.command<study::CellOption>("log", "What a cell printed.", with(study::cell_log));
  program.example("ordo study log digits/softmax/3");
  program.command<study::CellOption>("rerun", "Run one cell again.", with(study::rerun));
  program.example("ordo study rerun digits/softmax/3");
  program.command<study::AddSeedsOptions>(
      "add-seeds", "Run further seeds and look again; this spends a part of alpha.",
      with(study::add_seeds));
  program.example("ordo study add-seeds 10 digits");
  program.command<study::ReportVerbOptions>("report", "Write one self-contained HTML file.",
                                            with(study::report_study));
  program.example("ordo study report digits --out digits.html");
  program.command<study::CheckOptions>("check", "Exit with 1 if a claim fails: for scripts.",
                                       with(study::check_claims));
  program.example("ordo study check digits --strict");
  program.command<study::ListOptions>("list", "The studies of a store.", with(study::list_studies));
  program.example("ordo study list --tag baseline");
  program.command<study::TagOptions>("tag", "Give a study words to find it by.",
                                     with(study::tag_study));
  program.example("ordo study tag digits baseline");
  program.command<study::DeleteOptions>("delete", "Delete a study with all its runs.",
                                        with(study::delete_study));
  program.example("ordo study delete digits --yes");
  program.command<study::SchemaOptions>("schema", "The JSON schema of a study's file.",
                                        study::schema);
  program.example("ordo study schema > study.schema.json", "for completion in an editor");
  return program.run(argc, argv);
}
