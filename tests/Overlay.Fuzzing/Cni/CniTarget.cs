using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Overlay.Cni.Commands;
using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;
using Overlay.Fuzzing.Targets;

namespace Overlay.Fuzzing.Cni;

/// <summary>A runtime's variables and configuration, up to the point where a call would change the host.</summary>
/// <remarks>
/// <para>
/// Input: a byte that chooses the command, then container, namespace, interface and arguments, each with a zero byte
/// behind it, then the configuration on stdin.
/// </para>
/// <para>
/// A call with a configuration that is accepted would add interfaces and run plugins, and so does not go on: the parts
/// that compute are held against each other instead. Every other call is made whole, and has to answer with one error.
/// </para>
/// </remarks>
internal sealed class CniTarget : IFuzzTarget, IDisposable
{
    private static readonly string[] _commands = ["ADD", "DEL", "CHECK", "STATUS", "GC", "VERSION", "", "add"];

    private readonly AcceptedConfiguration _accepted = new();
    private readonly MemoryStream _output = new();

    public string Name => "cni";

    public IEnumerable<Seed> Seeds => CniSeeds.All();

    public void Execute(ReadOnlySpan<byte> input)
    {
        FuzzInput rest = new(input);
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["CNI_COMMAND"] = _commands[rest.Byte() % _commands.Length],
            ["CNI_CONTAINERID"] = Encoding.UTF8.GetString(rest.Until(0)),
            ["CNI_NETNS"] = Encoding.UTF8.GetString(rest.Until(0)),
            ["CNI_IFNAME"] = Encoding.UTF8.GetString(rest.Until(0)),
            ["CNI_ARGS"] = Encoding.UTF8.GetString(rest.Until(0)),
        };
        byte[] text = rest.Rest.ToArray();
        if (TryRead(variables, text, out CniEnvironment? environment, out NetworkConfiguration? configuration))
        {
            if (configuration is not null) _accepted.Check(configuration, environment!);
            return;
        }

        CheckAnswer(variables, text);
    }

    public void Dispose()
    {
        _accepted.Dispose();
        _output.Dispose();
    }

    // True where a call would go on.
    private static bool TryRead(
        Dictionary<string, string> variables, byte[] text, out CniEnvironment? environment,
        out NetworkConfiguration? configuration)
    {
        (environment, configuration) = (null, null);
        try
        {
            environment = CniEnvironment.Read(variables.GetValueOrDefault);
            if (environment.Command == "VERSION" || !Utf8.IsValid(text)) return false;
            using JsonDocument document = JsonDocument.Parse(text);
            string version = NetworkConfiguration.ReadVersion(document);
            if (LoopbackCommand.IsMeant(new CniObject(document.RootElement, ""))) return true;
            configuration = NetworkConfigurationReader.Read(document.RootElement, text, version, environment);
            return true;
        }
        catch (Exception refused) when (refused is CniException or JsonException)
        {
            return false;
        }
    }

    private void CheckAnswer(Dictionary<string, string> variables, byte[] text)
    {
        _output.SetLength(0);
        using MemoryStream input = new(text, writable: false);
        int exitCode = new CniCall(variables.GetValueOrDefault, input, _output).Run();
        using JsonDocument answer = JsonDocument.Parse(_output.ToArray());
        if (exitCode == 0)
        {
            Invariant.Holds(variables["CNI_COMMAND"] == "VERSION", "a call that reads nothing is for the version");
            Invariant.Holds(answer.RootElement.GetProperty("supportedVersions").GetArrayLength() > 0);
            return;
        }

        Invariant.Holds(exitCode == 1);
        Invariant.Holds(
            answer.RootElement.GetProperty("code").GetUInt32() is CniErrorCode.IncompatibleVersion
                or CniErrorCode.InvalidEnvironment or CniErrorCode.Decoding or CniErrorCode.InvalidConfiguration,
            "a call that is refused has the code of what is wrong with it");
        Invariant.Holds(
            answer.RootElement.GetProperty("msg").GetString() is { Length: > 0 }, "an error has its reason");
        Invariant.Holds(
            CniVersion.Supported.Contains(answer.RootElement.GetProperty("cniVersion").GetString()),
            "an error is of a version that there is");
    }
}
