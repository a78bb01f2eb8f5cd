#include "ordo/machine/rmc_cell_text.h"

namespace ordo::machine::rmc {

std::string cell_text(const Terms& terms, Word value, std::size_t limit) {
  struct Task {
    Word value;
    const char* text;  // instead of a value
  };
  std::string shown;
  std::vector<Task> tasks{{value, nullptr}};
  while (!tasks.empty()) {
    const Task task = tasks.back();
    tasks.pop_back();
    if (shown.size() >= limit) return shown + "...";
    if (task.text != nullptr) {
      shown += task.text;
      continue;
    }
    Word w = task.value;
    while (word::tag(w) == word::kReference && *word::address(w) != w) w = *word::address(w);
    if (word::tag(w) == word::kReference) {
      shown += '_';
    } else if (word::tag(w) == word::kConstant) {
      shown += terms.text(word::symbol(w));
    } else {
      const Word* const header = word::address(w);
      shown += terms.text(word::functor(*header)) + "(";
      tasks.push_back({0, ")"});
      for (std::uint32_t i = word::arity(*header); i > 0; --i) {
        tasks.push_back({header[i], nullptr});
        if (i > 1) tasks.push_back({0, ","});
      }
    }
  }
  return shown;
}

std::string stack_text(const Terms& terms, Word stack, std::size_t limit) {
  std::string shown;
  for (; stack != 0; stack = reinterpret_cast<const Word*>(stack)[1]) {
    const std::string item = cell_text(terms, *reinterpret_cast<const Word*>(stack), limit);
    if (!shown.empty() && shown.size() + item.size() > limit) return "... " + shown;
    shown = shown.empty() ? item : item + " " + shown;
  }
  return shown;
}

}  // namespace ordo::machine::rmc
