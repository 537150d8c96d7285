using System.Reflection;
using System.Reflection.Emit;

namespace Overlay.Architecture.Tests;

/// <summary>
/// Which folder's code uses which folder's: read from signatures, fields, attributes and method bodies of compiled
/// code.
/// </summary>
/// <remarks>
/// A namespace is a folder (<see cref="FolderTests"/>), so an arrow between namespaces is one between folders.
/// </remarks>
internal static class Arrows
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> _codes = typeof(OpCodes).GetFields()
        .Select(static field => (OpCode)field.GetValue(null)!).ToDictionary(static code => code.Value);

    /// <summary>The types of ours that a type of ours uses, whatever their assembly.</summary>
    public static IEnumerable<(Type From, Type To)> Of(Assembly assembly) =>
        from type in assembly.GetTypes()
        where IsOurs(type)
        from used in Uses(type).SelectMany(Parts).Where(IsOurs).Distinct()
        where used != type
        select (type, used);

    /// <summary>
    /// A type that stands in our sources, not one that a generator or the compiler makes beside them.
    /// </summary>
    public static bool IsOurs(Type type) => type.Namespace?.StartsWith("Overlay", StringComparison.Ordinal) == true;

    private static IEnumerable<Type?> Uses(Type type) =>
    [
        type.BaseType, .. type.GetInterfaces(), .. type.GetCustomAttributesData().Select(static a => a.AttributeType),
        .. type.GetFields(All).Select(static field => field.FieldType),
        .. type.GetMethods(All)
        .SelectMany(static method => Signature(method).Append(method.ReturnType).Concat(Body(method))),
        .. type.GetConstructors(All).SelectMany(static constructor => Signature(constructor).Concat(Body(constructor))),
    ];

    private static IEnumerable<Type?> Signature(MethodBase method) =>
        method.GetParameters().Select(static parameter => parameter.ParameterType);

    private static IEnumerable<Type?> Body(MethodBase method)
    {
        if (method.GetMethodBody() is not { } body) yield break;
        foreach (LocalVariableInfo local in body.LocalVariables) yield return local.LocalType;
        foreach (ExceptionHandlingClause clause in body.ExceptionHandlingClauses)
        {
            if (clause.Flags == ExceptionHandlingClauseOptions.Clause) yield return clause.CatchType;
        }

        Type[]? typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        Type[]? methodArguments = method is MethodInfo { IsGenericMethod: true } ? method.GetGenericArguments() : null;
        byte[] code = body.GetILAsByteArray()!;
        for (int at = 0; at < code.Length;)
        {
            short value = code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at];
            at += code[at] == 0xFE ? 2 : 1;
            OpCode opcode = _codes[value];
            if (opcode.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
            {
                MemberInfo member =
                    method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments)!;
                yield return member as Type ?? member.DeclaringType;
                if (member is MethodInfo { IsGenericMethod: true } generic)
                {
                    foreach (Type argument in generic.GetGenericArguments()) yield return argument;
                }
            }

            at += opcode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    // A list of leases uses the lease; what the compiler makes of a lambda stands for the type around it.
    private static IEnumerable<Type> Parts(Type? type)
    {
        if (type is null || type.IsGenericParameter) yield break;
        if (type.HasElementType)
        {
            foreach (Type part in Parts(type.GetElementType())) yield return part;
            yield break;
        }

        yield return type;
        foreach (Type argument in type.GenericTypeArguments.SelectMany(Parts)) yield return argument;
    }
}
