// Printing walks an explicit stack of pieces: texts, terms, and the ends of binders' scopes.
#include <unordered_set>

#include "ordo/machine/fmc_names.h"
#include "ordo/machine/fmc_syntax.h"
#include "ordo/machine/fmc_type_syntax.h"

namespace ordo::machine::fmc {
namespace {

enum class Place { term, chain, atom };  // what may stand here without parentheses

class Printer {
 public:
  Printer(const Terms& terms, std::size_t limit, const Notes& notes)
      : terms_(terms), limit_(limit), notes_(notes) {
    for (const char* word : {"run", "reduce", "typeof", "data", "import", "with"})
      names_.reserve(word);
  }

  std::string print(TermId root) {
    names_.reserve_free(terms_, root, limit_);
    tasks_.push_back({Task::Kind::term, root, Place::term, {}});
    while (!tasks_.empty() && out_.size() <= limit_) {
      const Task task = tasks_.back();
      tasks_.pop_back();
      if (task.kind == Task::Kind::text)
        out_ += task.text;
      else if (task.kind == Task::Kind::close)
        names_.close();
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

  void say(std::string_view text) { tasks_.push_back({Task::Kind::text, 0, Place::term, text}); }
  void then(TermId term, Place place) { tasks_.push_back({Task::Kind::term, term, place, {}}); }

  // Tasks are pushed in reverse.
  void step(TermId id, Place place) {
    const Node& node = terms_[id];
    if (const auto note = notes_.find(id); note != notes_.end() && noted_.insert(id).second) {
      out_ += "\n% ";
      out_ += note->second;
      out_ += '\n';
    }
    switch (node.op) {
      case Op::bound:
        out_ += names_.bound(node.label);
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
        open_binder(node.first);
        if (const TypeSyntax* type = terms_.annotation(node.first))
          out_ += " : " + to_text(terms_, *type);
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

  void open_binder(Symbol binder) {
    const std::string name = names_.choose(terms_, binder);
    out_ += name;
    names_.open(name);
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
  const Notes& notes_;
  std::string out_;
  std::vector<Task> tasks_;
  Names names_;
  std::unordered_set<TermId> noted_;  // a term may be asked for again in parentheses
};

}  // namespace

std::string print(const Terms& terms, TermId term, std::size_t limit) {
  return Printer(terms, limit, {}).print(term);
}

std::string print_with_notes(const Terms& terms, TermId term, const Notes& notes) {
  return Printer(terms, ~std::size_t{0}, notes).print(term);
}

}  // namespace ordo::machine::fmc
