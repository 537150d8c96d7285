using System.Reflection;
using Overlay.Cni.Commands;

// overlay: the CNI plugin. A container runtime calls it for each pod, with CNI_ variables and the network's
// configuration on stdin.

if (args is ["--version"])
{
    Console.WriteLine(
        "overlay "
        + $"{typeof(CniCall).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}");
    return 0;
}

if (args.Length > 0)
{
    Console.Error.WriteLine(
        "overlay is a CNI plugin, called by a container runtime with CNI_ variables and a configuration on stdin; it "
        + $"knows --version, not {args[0]}");
    return 2;
}

using Stream input = Console.OpenStandardInput();
using Stream output = Console.OpenStandardOutput();
return new CniCall(Environment.GetEnvironmentVariable, input, output).Run();
