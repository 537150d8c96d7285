using System.Diagnostics;

namespace Overlay.EndToEnd.Tests;

/// <summary>For what takes effect a moment later.</summary>
internal static class Waiting
{
    public static void For(Func<bool> condition, int seconds = 10)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            (watch.Elapsed < TimeSpan.FromSeconds(seconds)).ShouldBeTrue($"nothing came of it in {seconds} seconds");
            Thread.Sleep(50);
        }
    }
}
