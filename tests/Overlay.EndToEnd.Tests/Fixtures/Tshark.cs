using System.ComponentModel;
using System.Diagnostics;

namespace Overlay.EndToEnd.Tests.Fixtures;

/// <summary>The independent decoder: what tshark says of each frame of a capture.</summary>
internal static class Tshark
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);

    /// <summary>One row a frame, in the file's order; of a field that occurs in several layers, the innermost.</summary>
    /// <param name="capture">A capture with VXLAN on port 8472.</param>
    /// <param name="fields">Names as <c>tshark -G fields</c> lists them.</param>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Read(string capture, params string[] fields)
    {
        string[] arguments =
        [
            "-n", "-r", capture, "-d", "udp.port==8472,vxlan", "-o", "tcp.check_checksum:TRUE",
            "-T", "fields", "-E", "occurrence=l", "-E", "separator=|", .. fields.SelectMany(static field => new[] { "-e", field }),
        ];
        return [.. Run(arguments).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Row)];

        IReadOnlyDictionary<string, string> Row(string line)
        {
            string[] values = line.Split('|');
            values.Length.ShouldBe(fields.Length, line);
            return fields.Zip(values).ToDictionary(static pair => pair.First, static pair => pair.Second);
        }
    }

    private static string Run(string[] arguments)
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo("tshark", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(_limit))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"tshark did not end within {_limit.TotalSeconds} s");
            }

            process.ExitCode.ShouldBe(0, $"tshark {string.Join(' ', arguments)}: {error.GetAwaiter().GetResult()}");
            return output.GetAwaiter().GetResult();
        }
        catch (Win32Exception exception)
        {
            Assert.Fail($"this test needs tshark (Debian package tshark) as the independent decoder: {exception.Message}");
            throw;
        }
    }
}
