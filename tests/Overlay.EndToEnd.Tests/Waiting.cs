using System.Diagnostics;

namespace Overlay.EndToEnd.Tests;

/// <summary>For what takes effect a moment later.</summary>
internal static class Waiting
{
    public static void For(Func<bool> condition, int seconds = 10) => For(condition, static () => "nothing came of it", seconds);

    /// <param name="failure">What there is instead, where it has not come about.</param>
    public static void For(Func<bool> condition, Func<string> failure, int seconds = 10)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(seconds))
                throw new ShouldAssertException($"{failure()}, for {seconds} seconds");
            Thread.Sleep(50);
        }
    }
}
