// Printing walks an explicit stack of pieces: texts, terms, and the ends of binders' scopes. A
// binder keeps its given name unless that name is in use, then it gets a number, so that no name
// ever shadows another.
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "ordo/machine/fmc_syntax.h"

namespace ordo::machine::fmc {
namespace {

enum class Place { term, chain, atom };  // what may stand here without parentheses

class Printer {
 public:
  Printer(const Terms& terms, std::size_t limit) : terms_(terms), limit_(limit) {}

  std::string print(TermId root) {
    collect_free(root);
    tasks_.push_back({Task::Kind::term, root, Place::term, {}});
    while (!tasks_.empty() && out_.size() <= limit_) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.kind == Task::Kind::text)
        out_ += task.text;
      else if (task.kind == Task::Kind::close)
        close_binder();
      else
        step(task.term, task.place);
    }
    if (out_.size() > limit_) {
      std::size_t end = limit_;
      while (end > 0 && (static_cast<unsigned char>(out_[end]) & 0xC0) == 0x80) --end;
      out_.resize(end);
      out_ += "...";
    }
    return std::move(out_);
  }

 private:
  struct Task {
    enum class Kind { term, text, close } kind;
    TermId term;
    Place place;
    std::string_view text;
  };

  void collect_free(TermId root) {
    std::vector<TermId> todo{root};
    std::size_t seen = 0;
    while (!todo.empty() && seen++ < limit_) {
      const Node& node = terms_[todo.back()];
      todo.pop_back();
      if (node.op == Op::free) used_.insert(terms_.text(node.label));
      if (node.op == Op::push || node.op == Op::join || node.op == Op::loop)
        todo.push_back(node.first);
      if (node.op == Op::push || node.op == Op::join || node.op == Op::pop)
        todo.push_back(node.second);
    }
  }

  void say(std::string_view text) { tasks_.push_back({Task::Kind::text, 0, Place::term, text}); }
  void then(TermId term, Place place) { tasks_.push_back({Task::Kind::term, term, place, {}}); }

  const std::string& open_binder(Symbol name) {
    std::string base = name == 0 ? "x" : terms_.text(name);
    std::string chosen = base;
    for (std::uint32_t& n = numbers_[base]; used_.contains(chosen);)
      chosen = base + std::to_string(++n);
    used_.insert(chosen);
    return names_.emplace_back(std::move(chosen));
  }
  void close_binder() {
    used_.erase(names_.back());
    names_.pop_back();
  }

  // Tasks are pushed in reverse.
  void step(TermId id, Place place) {
    const Node& node = terms_[id];
    switch (node.op) {
      case Op::bound:
        out_ += node.label < names_.size() ? names_[names_.size() - 1 - node.label]
                                           : fmt::format("free{}", node.label - names_.size());
        return;
      case Op::free:
      case Op::jump:
        out_ += terms_.text(node.label);
        return;
      case Op::push:
        if (place == Place::atom) return parenthesised(id);
        out_ += '[';
        rest(node.second);
        if (node.label != kMain) say(terms_.text(node.label));
        say("]");
        if (node.first != terms_.skip()) then(node.first, Place::term);
        return;
      case Op::pop:
        if (place == Place::atom) return parenthesised(id);
        out_ += terms_.text(node.label);
        out_ += '<';
        out_ += open_binder(node.first);
        out_ += '>';
        tasks_.push_back({Task::Kind::close, 0, Place::term, {}});
        rest(node.second);
        return;
      case Op::loop:
        say(terms_.text(node.label));
        say("^");
        then(node.first, Place::atom);
        return;
      case Op::join:
        return join(id, node, place);
    }
  }

  void parenthesised(TermId id) {
    out_ += '(';
    say(")");
    then(id, Place::term);
  }

  void rest(TermId id) {
    if (id == terms_.skip()) return;
    then(id, Place::chain);
    say(".");
  }

  void join(TermId id, const Node& node, Place place) {
    const Op left = terms_[node.first].op;
    const bool atomic =
        left == Op::bound || left == Op::free || left == Op::jump || left == Op::loop;
    if (node.label == kSkip && atomic && place != Place::atom) {  // x.M
      then(node.second, Place::chain);
      say(".");
      then(node.first, Place::atom);
      return;
    }
    if (place != Place::term) return parenthesised(id);
    then(node.second, Place::chain);
    if (node.label != kSkip) {
      say(" -> ");
      say(terms_.text(node.label));
    }
    say("; ");
    then(node.first, Place::term);
  }

  const Terms& terms_;
  std::size_t limit_;
  std::string out_;
  std::vector<Task> tasks_;
  std::vector<std::string> names_;
  std::unordered_set<std::string> used_{"run", "reduce", "typeof", "data", "import", "with"};
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace

std::string print(const Terms& terms, TermId term, std::size_t limit) {
  return Printer(terms, limit).print(term);
}

}  // namespace ordo::machine::fmc
