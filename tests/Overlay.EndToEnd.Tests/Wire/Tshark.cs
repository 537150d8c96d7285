using System.ComponentModel;
using System.Diagnostics;
using System.Xml.Linq;

namespace Overlay.EndToEnd.Tests.Wire;

/// <summary>The independent decoder of captures.</summary>
internal static class Tshark
{
    // Else a random payload behind a random port is now and then taken for some protocol, and called malformed.
    private const string EphemeralPorts = "32768-60999";

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(1);
    private static readonly string[] _vxlan = ["-n", "-d", "udp.port==8472,vxlan", "-o", "tcp.check_checksum:TRUE"];

    private static readonly string[] _whole =
    [
        "-T", "pdml",
        "-d", $"udp.port=={EphemeralPorts},data",
        "-d", $"tcp.port=={EphemeralPorts},data",
        "-o", "ip.check_checksum:TRUE",
        "-o", "udp.check_checksum:TRUE",
    ];

    /// <summary>Every packet of a capture, whole.</summary>
    public static IReadOnlyList<DecodedPacket> Decode(string capture) =>
        [.. XDocument.Parse(Run(capture, _whole)).Root!.Elements("packet")
            .Select(static packet => new DecodedPacket(packet))];

    /// <summary>
    /// Some fields, a row a frame in the file's order; of a field that occurs in several layers, the innermost.
    /// </summary>
    /// <param name="capture">A capture with VXLAN on port 8472.</param>
    /// <param name="fields">Names as <c>tshark -G fields</c> lists them.</param>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Read(string capture, params string[] fields)
    {
        string[] options = ["-T", "fields", "-E", "occurrence=l", "-E", "separator=|", .. fields.SelectMany(
            static field => new[] { "-e", field })];
        return [.. Run(capture, options).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Row)];

        IReadOnlyDictionary<string, string> Row(string line)
        {
            string[] values = line.Split('|');
            values.Length.ShouldBe(fields.Length, line);
            return fields.Zip(values).ToDictionary(static pair => pair.First, static pair => pair.Second);
        }
    }

    private static string Run(string capture, string[] options)
    {
        string[] arguments = [.. _vxlan, "-r", capture, .. options];
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo(
                    "tshark", arguments)
                { RedirectStandardOutput = true, RedirectStandardError = true })!;
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
            Assert.Fail(
                $"this test needs tshark (Debian package tshark) as the independent decoder: {exception.Message}");
            throw;
        }
    }
}
