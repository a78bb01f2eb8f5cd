// A trace as one self-contained HTML page: back, forward, a slider and keys; light and dark. No
// network, no scripts from elsewhere, every text escaped.
#pragma once

#include <string>
#include <vector>

namespace ordo::machine {

/// One state of a machine as a person sees it.
struct StepperState {
  struct Column {
    std::string name;                ///< a location; the main one may be called "main"
    std::vector<std::string> items;  ///< bottom first
  };
  std::string rule;   ///< the transition that led here; "start" for the first
  std::string focus;  ///< the term about to run
  std::vector<Column> stacks;
  std::vector<std::string> rail;  ///< continuations or handlers, innermost first
  std::string note;               ///< anything else worth a line; may be empty
};

struct StepperPage {
  std::string title;
  std::string program;  ///< source text, shown above
  std::string rail_name = "handlers";
  std::vector<StepperState> states;
  std::string end;  ///< how it ended: "exit *", "limit: max-steps"
};

/// The page. Repeated texts are stored once, and of each stack what changed, so a trace of 10,000
/// states stays small.
std::string stepper_html(const StepperPage& page);

/// Text with & < > " ' as entities.
std::string escape_html(const std::string& text);

}  // namespace ordo::machine
