using Overlay.Testing;

namespace Overlay.EndToEnd.Tests;

/// <summary>A fact of the long form alone; skipped with the reason else.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute()
    {
        if (!LongRun.Is) Skip = "of the long form: tests/run.sh --long";
    }
}
