#include "python/native/errors.h"

#include "ordo/base/error.h"
#include "python/native/bind.h"

namespace ordo::python {
namespace {

const char* name_of(ExitCode code) {
  switch (code) {
    case ExitCode::usage:
      return "UsageError";
    case ExitCode::input:
      return "InputError";
    case ExitCode::numeric:
      return "NumericError";
    case ExitCode::io:
      return "IoError";
    case ExitCode::limit:
      return "LimitError";
    case ExitCode::interrupted:
      return "Interrupted";
    case ExitCode::done:
    case ExitCode::no:
      break;
  }
  return "Error";
}

}  // namespace

void register_errors() {
  py::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const Error& error) {
      const py::object kind = py::module_::import("ordo.errors").attr(name_of(error.code()));
      PyErr_SetString(kind.ptr(), error.what());
    }
  });
}

}  // namespace ordo::python
